"""Ledger entries and transfers: what a fact does to the books, each with the figures it came from."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.commission.domain.brackets import Slice
from services.commission.domain.plan import Base, Split


class Account(StrEnum):
    """Where money stands. A partner's accounts exist once for each partner and currency."""

    EXPENSE = "programme:expense"
    HELD = "partner:held"
    PAYABLE = "partner:payable"


class Kind(StrEnum):
    """What an entry does."""

    ACCRUAL = "accrual"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Accrued:
    """How an accrual came about: `revenue` moved the position from `before` to `after` through `slices`.

    `earned` is the rounded difference of the cumulative figures; a commission split allots a part of it.
    """

    sold: int
    share: Fraction
    split: Split
    base: Base
    position_of: UUID
    period: str
    before: int
    revenue: int
    slices: tuple[Slice, ...]
    earned: int

    @property
    def after(self) -> int:
        return self.before + self.revenue


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How a reversal came about: once `refunded` of `sold` is back, `due` of `total` is; `already` was taken before."""

    total: int
    refunded: int
    sold: int
    due: int
    already: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a partner's account: `amount` minor units, negative when taken back. Entries are never changed."""

    id: UUID
    fact_id: str
    kind: Kind
    partner_id: UUID
    deal_id: UUID
    close_number: int
    amount: int
    revenue: int
    currency: str
    plan_version: int
    rule: str
    month: date
    closed_at: datetime
    release_at: datetime
    reason: str
    derivation: Accrued | TakenBack
    reverses: UUID | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` (above 0) minor units moved between two accounts: one side's loss is the other's gain, always.

    The transfer that books an entry has the entry's id; the one that releases it has an id of its own.
    """

    id: UUID
    entry_id: UUID
    partner_id: UUID
    source: Account
    target: Account
    amount: int
    currency: str


def transfers_of(
    transfer_id: UUID, *, entry_id: UUID, partner_id: UUID, amount: int, source: Account, target: Account, currency: str
) -> tuple[Transfer, ...]:
    """The transfer of `amount`; a negative amount goes the other way, and nothing moves for 0."""
    if amount == 0:
        return ()
    if amount < 0:
        amount, source, target = -amount, target, source
    return (Transfer(transfer_id, entry_id, partner_id, source, target, amount, currency),)
