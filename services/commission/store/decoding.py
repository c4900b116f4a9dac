"""Deals and derivations out of their JSON."""

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from services.commission.domain.brackets import Slice
from services.commission.domain.deal import Cash, Counted, Deal, Detail, Sale, Special, Stake, Standing
from services.commission.domain.entries import Accrued, Cut, Derivation, Exchange, Given, LineFigure, Placed, Rerated, TakenBack, Worked
from services.commission.domain.facts import Credit, Line, Terms
from services.commission.domain.options import Base, Split

Json = dict[str, Any]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def some_id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def decoded_deal(deal_id: UUID, partner_id: UUID, close_number: int, standing: str, revision: int, sale: str | None) -> Deal:
    """The deal that a row holds."""
    return Deal(deal_id, partner_id, close_number, Standing(standing), revision, None if sale is None else _sale(orjson.loads(sale)))


def decoded_derivation(body: Json) -> Derivation:
    """The derivation that an entry's row holds; a field that only one has tells which it is."""
    return next(read for field, read in _DERIVATIONS.items() if field in body)(body)


def decoded_terms(body: Json) -> Terms:
    """The terms of a close."""
    credits_ = tuple(Credit(UUID(each["partner_id"]), Fraction(each["share"])) for each in body["credits"])
    read = {
        "closed_at": instant(body["closed_at"]),
        "credits": credits_,
        "lines": tuple(Line(**each) for each in body["lines"]),
        "attributes": tuple((name, value) for name, value in body["attributes"]),
    }
    return Terms(**{**body, **read})


def given(body: Json) -> Given:
    return Given(body["note"], tuple((name, value) for name, value in body["figures"]))


def _accrued(body: Json) -> Accrued:
    return Accrued(
        sold=body["sold"],
        share=Fraction(body["share"]),
        split=Split(body["split"]),
        base=Base(body["base"]),
        position_of=UUID(body["position_of"]),
        period=body["period"],
        before=body["before"],
        revenue=body["revenue"],
        slices=tuple(map(_slice, body["slices"])),
        earned=body["earned"],
    )


def _worked(body: Json) -> Worked:
    return Worked(
        sold=body["sold"],
        share=Fraction(body["share"]),
        split=Split(body["split"]),
        placed=_placed(body["placed"]),
        lines=tuple(map(_line_figure, body["lines"])),
        earned=body["earned"],
        cuts=tuple(Cut(**each) for each in body["cuts"]),
        exchange=_exchange(body["exchange"]),
    )


def _placed(body: Json | None) -> Placed | None:
    if body is None:
        return None
    return Placed(Base(body["base"]), UUID(body["position_of"]), body["period"], body["before"], body["after"])


def _line_figure(body: Json) -> LineFigure:
    slices = tuple(map(_slice, body["slices"]))
    return LineFigure(body["line_id"], body["rule"], body["revenue"], slices, Fraction(body["earned"]))


def _slice(body: Json) -> Slice:
    return Slice(body["start"], body["end"], Fraction(body["rate"]), body["revenue"], body["flat"])


def _exchange(body: Json | None) -> Exchange | None:
    if body is None:
        return None
    return Exchange(body["currency"], Fraction(body["rate"]), body["source"], date.fromisoformat(body["day"]))


_DERIVATIONS: dict[str, Callable[[Json], Derivation]] = {
    "before": lambda body: _accrued(body) if "slices" in body else Rerated(**{**body, "position_of": UUID(body["position_of"])}),
    "placed": _worked,
    "already": lambda body: TakenBack(**body),
    "note": given,
}


def _sale(body: Json) -> Sale:
    return Sale(
        amount=body["amount"],
        currency=body["currency"],
        closed_at=instant(body["closed_at"]),
        month=date.fromisoformat(body["month"]),
        plan_version=body["plan_version"],
        release_at=instant(body["release_at"]),
        lines=tuple((line, amount) for line, amount in body["lines"]),
        stakes=tuple(map(_stake, body["stakes"])),
        counted=tuple(Counted(UUID(each["partner_id"]), each["revenue"], each["lowered"]) for each in body["counted"]),
        refunded=body["refunded"],
        refunded_lines=tuple((line, amount) for line, amount in body["refunded_lines"]),
        detail=body["detail"] and _detail(body["detail"]),
    )


def _stake(body: Json) -> Stake:
    special = body["special"] and _special(body["special"])
    return Stake(**{**body, "entry_id": UUID(body["entry_id"]), "partner_id": UUID(body["partner_id"]), "special": special})


def _special(body: Json) -> Special:
    return Special(**{**body, "parts": tuple(body["parts"]), "ruled": tuple(body["ruled"])})


def _detail(body: Json) -> Detail:
    cash = body["cash"]
    return Detail(
        counted=tuple(map(tuple, body["counted"])),
        bracketed=tuple(map(tuple, body["bracketed"])),
        shares=tuple(map(Fraction, body["shares"])),
        rerated=body.get("rerated", 0),
        exchange=_exchange(body["exchange"]),
        cash=cash and Cash(decoded_terms(cash["terms"]), cash["received"], tuple(map(_sale, cash["earnings"]))),
    )
