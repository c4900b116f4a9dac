"""Domain values as JSON and back: what is written must read back equal, since replay compares byte for byte."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from uuid import UUID

import orjson

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.entries import Account, Kind
from services.commission.domain.facts import (
    Abandoned,
    Adjusted,
    Amended,
    AnyFact,
    Booked,
    Closed,
    Frozen,
    Invoiced,
    Moved,
    Paid,
    PeriodEnded,
    Rate,
    Refunded,
    Released,
    Reopened,
    RewardsGranted,
    Thawed,
)
from services.commission.store.decoding import Json, decoded_deal, decoded_derivation, decoded_terms, given, instant, some_id

__all__ = ["Json", "decoded_deal", "decoded_derivation", "decoded_fact", "decoded_rate", "encoded", "fact_kind"]


def encoded(value: object) -> str:
    """Frozen dataclasses of the domain (alone, or in lists and dicts) as JSON; exact fractions as text."""
    return orjson.dumps(value, default=str).decode()


def fact_kind(fact: AnyFact) -> str:
    """The journal's word for a fact: its class's name in small letters."""
    return type(fact).__name__.lower()


def decoded_fact(kind: str, body: Json) -> AnyFact:
    """The fact that a journal row holds."""
    return _FACTS[kind](body)


def _common(body: Json) -> Json:
    return {**body, "deal_id": UUID(body["deal_id"]), "partner_id": UUID(body["partner_id"]), "at": instant(body["at"])}


def _closed(body: Json) -> Closed:
    return Closed(**{**_common(body), "terms": None if body["terms"] is None else decoded_terms(body["terms"])})


def _amended(body: Json) -> Amended:
    return Amended(**{**_common(body), "terms": decoded_terms(body["terms"])})


def _refunded(body: Json) -> Refunded:
    return Refunded(**{**_common(body), "lines": tuple((line, amount) for line, amount in body["lines"])})


def _held(kind: type[Released | Frozen | Thawed]) -> Callable[[Json], AnyFact]:
    return lambda body: kind(**{**_common(body), "entry_id": UUID(body["entry_id"])})


def _moved(body: Json) -> Moved:
    return Moved(Account(body["source"]), Account(body["target"]), body["amount"], some_id(body["entry_id"]))


def _adjusted(body: Json) -> Adjusted:
    return Adjusted(
        entry_id=UUID(body["entry_id"]),
        amount=body["amount"],
        kind=Kind(body["kind"]),
        reason=body["reason"],
        deal_id=some_id(body["deal_id"]),
        reverses=some_id(body["reverses"]),
        account=Account(body["account"]),
        derivation=given(body["derivation"]),
    )


def _booked(body: Json) -> Booked:
    return Booked(
        id=body["id"],
        partner_id=UUID(body["partner_id"]),
        at=instant(body["at"]),
        what=body["what"],
        currency=body["currency"],
        transfers=tuple(map(_moved, body["transfers"])),
        entries=tuple(map(_adjusted, body["entries"])),
    )


def _programme(body: Json) -> Json:
    return {"partner_id": UUID(body["partner_id"])}


def decoded_rate(body: Json) -> Rate:
    """An exchange rate as the journal and its own table hold it."""
    return Rate(
        **{**body, "at": instant(body["at"]), "day": date.fromisoformat(body["day"]), "rate": Fraction(body["rate"]), **_programme(body)}
    )


def _period(body: Json) -> PeriodEnded:
    read = {"partner_id": UUID(body["partner_id"]), "kind": PeriodKind(body["kind"]), "start": date.fromisoformat(body["start"])}
    return PeriodEnded(**{**body, **read, "at": instant(body["at"])})


def _rewards(body: Json) -> RewardsGranted:
    ranked = tuple((UUID(who), value) for who, value in body["ranked"])
    return RewardsGranted(
        **{**body, "at": instant(body["at"]), "start": date.fromisoformat(body["start"]), "ranked": ranked, **_programme(body)}
    )


_FACTS: dict[str, Callable[[Json], AnyFact]] = {
    "closed": _closed,
    "amended": _amended,
    "reopened": lambda body: Reopened(**_common(body)),
    "abandoned": lambda body: Abandoned(**_common(body)),
    "refunded": _refunded,
    "invoiced": lambda body: Invoiced(**_common(body)),
    "paid": lambda body: Paid(**_common(body)),
    "released": _held(Released),
    "frozen": _held(Frozen),
    "thawed": _held(Thawed),
    "booked": _booked,
    "rate": decoded_rate,
    "periodended": _period,
    "rewardsgranted": _rewards,
}
