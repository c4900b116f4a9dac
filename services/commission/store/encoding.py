"""Domain values as JSON and back: what is written must read back equal, since replay compares byte for byte."""

from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from services.commission.domain.brackets import Slice
from services.commission.domain.deal import Counted, Deal, Sale, Special, Stake, Standing
from services.commission.domain.entries import Account, Accrued, Derivation, Given, Kind, TakenBack
from services.commission.domain.facts import (
    Adjusted,
    Amended,
    AnyFact,
    Booked,
    Closed,
    Credit,
    Frozen,
    Line,
    Moved,
    Refunded,
    Released,
    Reopened,
    Terms,
    Thawed,
)
from services.commission.domain.plan import Base, Split

Json = dict[str, Any]


def encoded(value: object) -> str:
    """Frozen dataclasses of the domain (alone, or in lists and dicts) as JSON; exact fractions as text."""
    return orjson.dumps(value, default=str).decode()


def fact_kind(fact: AnyFact) -> str:
    """The journal's word for a fact: closed, amended, reopened, refunded, released, frozen, thawed, booked."""
    return type(fact).__name__.lower()


def decoded_fact(kind: str, body: Json) -> AnyFact:
    """The fact that a journal row holds."""
    return _FACTS[kind](body)


def decoded_deal(deal_id: UUID, partner_id: UUID, close_number: int, standing: str, revision: int, sale: str | None) -> Deal:
    """The deal that a row holds."""
    return Deal(deal_id, partner_id, close_number, Standing(standing), revision, None if sale is None else _sale(orjson.loads(sale)))


def decoded_derivation(body: Json) -> Derivation:
    """The derivation that an entry's row holds; its fields tell which it is."""
    if "already" in body:
        return TakenBack(**body)
    if "note" in body:
        return _given(body)
    return Accrued(
        sold=body["sold"],
        share=Fraction(body["share"]),
        split=Split(body["split"]),
        base=Base(body["base"]),
        position_of=UUID(body["position_of"]),
        period=body["period"],
        before=body["before"],
        revenue=body["revenue"],
        slices=tuple(_slice(each) for each in body["slices"]),
        earned=body["earned"],
    )


def _slice(body: Json) -> Slice:
    return Slice(body["start"], body["end"], Fraction(body["rate"]), body["revenue"], body["flat"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _sale(body: Json) -> Sale:
    return Sale(
        amount=body["amount"],
        currency=body["currency"],
        closed_at=_instant(body["closed_at"]),
        month=date.fromisoformat(body["month"]),
        plan_version=body["plan_version"],
        release_at=_instant(body["release_at"]),
        lines=tuple((line, amount) for line, amount in body["lines"]),
        stakes=tuple(_stake(each) for each in body["stakes"]),
        counted=tuple(Counted(UUID(each["partner_id"]), each["revenue"], each["lowered"]) for each in body["counted"]),
        refunded=body["refunded"],
        refunded_lines=tuple((line, amount) for line, amount in body["refunded_lines"]),
    )


def _stake(body: Json) -> Stake:
    special = body["special"] and Special(**body["special"])
    return Stake(**{**body, "entry_id": UUID(body["entry_id"]), "partner_id": UUID(body["partner_id"]), "special": special})


def _terms(body: Json) -> Terms:
    credits_ = tuple(Credit(UUID(each["partner_id"]), Fraction(each["share"])) for each in body["credits"])
    lines = tuple(Line(**each) for each in body["lines"])
    return Terms(**{**body, "closed_at": _instant(body["closed_at"]), "credits": credits_, "lines": lines})


def _common(body: Json) -> Json:
    return {**body, "deal_id": UUID(body["deal_id"]), "partner_id": UUID(body["partner_id"]), "at": _instant(body["at"])}


def _closed(body: Json) -> Closed:
    return Closed(**{**_common(body), "terms": None if body["terms"] is None else _terms(body["terms"])})


def _amended(body: Json) -> Amended:
    return Amended(**{**_common(body), "terms": _terms(body["terms"])})


def _refunded(body: Json) -> Refunded:
    return Refunded(**{**_common(body), "lines": tuple((line, amount) for line, amount in body["lines"])})


def _held(kind: type[Released | Frozen | Thawed]) -> Callable[[Json], AnyFact]:
    return lambda body: kind(**{**_common(body), "entry_id": UUID(body["entry_id"])})


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _given(body: Json) -> Given:
    return Given(body["note"], tuple((name, value) for name, value in body["figures"]))


def _moved(body: Json) -> Moved:
    return Moved(Account(body["source"]), Account(body["target"]), body["amount"], _id(body["entry_id"]))


def _adjusted(body: Json) -> Adjusted:
    return Adjusted(
        entry_id=UUID(body["entry_id"]),
        amount=body["amount"],
        kind=Kind(body["kind"]),
        reason=body["reason"],
        deal_id=_id(body["deal_id"]),
        reverses=_id(body["reverses"]),
        account=Account(body["account"]),
        derivation=_given(body["derivation"]),
    )


def _booked(body: Json) -> Booked:
    return Booked(
        id=body["id"],
        partner_id=UUID(body["partner_id"]),
        at=_instant(body["at"]),
        what=body["what"],
        currency=body["currency"],
        transfers=tuple(_moved(each) for each in body["transfers"]),
        entries=tuple(_adjusted(each) for each in body["entries"]),
    )


_FACTS: dict[str, Callable[[Json], AnyFact]] = {
    "closed": _closed,
    "amended": _amended,
    "reopened": lambda body: Reopened(**_common(body)),
    "refunded": _refunded,
    "released": _held(Released),
    "frozen": _held(Frozen),
    "thawed": _held(Thawed),
    "booked": _booked,
}
