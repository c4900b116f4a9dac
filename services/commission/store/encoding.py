"""Domain values as JSON and back: what is written must read back equal, since replay compares byte for byte."""

from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from services.commission.domain.deal import Deal, Sale, Standing
from services.commission.domain.entries import Accrued, Derivation, Given, Rerated, TakenBack, Worked
from services.commission.domain.facts import (
    Abandoned,
    Amended,
    AnyFact,
    Booked,
    Closed,
    Frozen,
    Invoiced,
    Paid,
    PeriodEnded,
    Rate,
    Refunded,
    Released,
    Reopened,
    RewardsGranted,
    Thawed,
)

Json = dict[str, Any]
Body = str | Json
"""JSON as text, or as it was parsed."""
T = TypeVar("T")
_INSTANTS = (datetime,)
_STANDINGS = {standing.value: standing for standing in Standing}  # looked up at a fifth of the price of making one


def _written(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is no value of the domain")


def _made(kind: type, value: Any) -> Fraction:
    if kind is Fraction:
        return _fraction(value)
    raise NotImplementedError(f"{kind.__name__} is no value of the domain")


@lru_cache(maxsize=4096)
def _fraction(text: str) -> Fraction:
    """Rates and shares are few, and Python reads them slowly."""
    return Fraction(text)


def _reader(kind: type[T]) -> Callable[[Body], T]:
    decode = msgspec.json.Decoder(kind, dec_hook=_made).decode
    return lambda body: decode(body) if isinstance(body, str) else msgspec.convert(body, kind, dec_hook=_made)


_encode = msgspec.json.Encoder(enc_hook=_written).encode


def encoded(value: object) -> str:
    """Values of the domain (alone, or in lists and dicts) as JSON; exact fractions as text."""
    return _encode(value).decode()


def plain(value: object) -> Any:
    """Values of the domain as dicts and lists; instants stay instants."""
    return msgspec.to_builtins(value, builtin_types=_INSTANTS, enc_hook=_written)


def fact_kind(fact: AnyFact) -> str:
    """The journal's word for a fact: its class's name in small letters."""
    return type(fact).__name__.lower()


def decoded_fact(kind: str, body: Body) -> AnyFact:
    """The fact that a journal row holds. Raises KeyError, or msgspec.ValidationError for what is none."""
    return _FACTS[kind](body)


def decoded_deal(deal_id: UUID, partner_id: UUID, close_number: int, standing: str, revision: int, sale: Body | None) -> Deal:
    """The deal that a row holds."""
    return Deal(deal_id, partner_id, close_number, _STANDINGS[standing], revision, None if sale is None else _sale(sale))


def decoded_derivation(body: Json) -> Derivation:
    """The derivation that an entry's row holds; a field that only one has tells which it is. Raises KeyError where none does."""
    for field, read in _DERIVATIONS.items():
        if field in body:
            return read(body)
    raise KeyError(f"no derivation has just {', '.join(sorted(body))}")


_KINDS: tuple[type[AnyFact], ...] = (
    Closed,
    Amended,
    Reopened,
    Abandoned,
    Refunded,
    Invoiced,
    Paid,
    Released,
    Frozen,
    Thawed,
    Booked,
    Rate,
    PeriodEnded,
    RewardsGranted,
)
_FACTS: dict[str, Callable[[Body], AnyFact]] = {kind.__name__.lower(): _reader(kind) for kind in _KINDS}
_DERIVATIONS: dict[str, Callable[[Body], Derivation]] = {
    "slices": _reader(Accrued),
    "placed": _reader(Worked),
    "rules": _reader(Rerated),
    "already": _reader(TakenBack),
    "note": _reader(Given),
}
_sale = _reader(Sale)
decoded_rate = _reader(Rate)
"""An exchange rate as the journal and its own table hold it."""
decoded_side = _reader(Deal)
"""A whole deal: statements keep a partner's side of each deal that way."""
