"""Ledger entries and transfers: what a fact does to the books, each with the figures it came from."""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.commission.domain.brackets import Slice
from services.commission.domain.options import Base, Split
from shared.chassis.values import Value


class Account(StrEnum):
    """Where money stands. A partner's accounts exist once for each partner and currency."""

    EXPENSE = "programme:expense"
    HELD = "partner:held"
    PAYABLE = "partner:payable"
    IN_PAYOUT = "partner:in_payout"
    PAID = "partner:paid"


class Kind(StrEnum):
    """What an entry does."""

    ACCRUAL = "accrual"
    REVERSAL = "reversal"
    SPIFF = "spiff"
    BONUS = "bonus"
    REWARD = "reward"
    ADJUSTMENT = "adjustment"


class Accrued(Value, frozen=True):
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


class Exchange(Value, frozen=True):
    """The rate at which a deal's `currency` was counted: of the programme day of its close, from `source`."""

    currency: str
    rate: Fraction
    source: str
    day: date


class LineFigure(Value, frozen=True):
    """What one line gave, on the beneficiary's `revenue` of it: through `slices` of brackets, else by the rule's own figure.

    `earned` is exact for a rate or a flat amount, and a rounded difference where there are slices.
    """

    line_id: str
    rule: str
    revenue: int
    slices: tuple[Slice, ...]
    earned: Fraction


class Cut(Value, frozen=True):
    """`amount` minor units that a limit took off: a cap, a SPIFF's cap or budget, or an agreement that pays by margin."""

    why: str
    amount: int


class Placed(Value, frozen=True):
    """The position that a figure was rated from and led to."""

    base: Base
    position_of: UUID
    period: str
    before: int
    after: int


class Worked(Value, frozen=True):
    """How an accrual with rules, limits, another currency or a SPIFF came about: line by line, rounded once, then cut.

    `earned` is the rounded figure before the split (`commission`) and the cuts; a SPIFF has no position.
    """

    sold: int
    share: Fraction
    split: Split
    placed: Placed | None
    lines: tuple[LineFigure, ...]
    earned: int
    cuts: tuple[Cut, ...] = ()
    exchange: Exchange | None = None


class TakenBack(Value, frozen=True):
    """How a reversal came about: once `refunded` of `sold` is back, `due` of `total` is; `already` was taken before.

    `sold_in` is the deal's currency where it is another one.
    """

    total: int
    refunded: int
    sold: int
    due: int
    already: int
    sold_in: str | None = None


class Rerated(Value, frozen=True):
    """How a reversal by the schedule came about: the brackets gave `was` for what stood and give `now` for what is left.

    `rules` is what rules take back besides. `was` and `now` are of all beneficiaries where the commission was divided.
    """

    position_of: UUID
    before: int
    after: int
    was: int
    now: int
    rules: int


class Given(Value, frozen=True):
    """A figure that was decided, not rated: why, in a sentence, and the exact figures (name, value) that it stands on."""

    note: str
    figures: tuple[tuple[str, str], ...] = ()


Derivation = Accrued | Worked | TakenBack | Rerated | Given


class Entry(Value, frozen=True):
    """One line of a partner's account: `amount` minor units, negative when taken back. Entries are never changed.

    What belongs to no deal has no `deal_id`, `close_number`, `closed_at` and `release_at`; `plan_version` 0: no version made it.
    """

    id: UUID
    fact_id: str
    kind: Kind
    partner_id: UUID
    deal_id: UUID | None
    close_number: int | None
    amount: int
    revenue: int
    currency: str
    plan_version: int
    rule: str
    month: date
    closed_at: datetime | None
    release_at: datetime | None
    reason: str
    derivation: Derivation
    reverses: UUID | None = None


class Transfer(Value, frozen=True):
    """`amount` (above 0) minor units moved between two accounts: one side's loss is the other's gain, always.

    The transfer that books an entry has the entry's id; the one that releases it has an id of its own. A payout moves
    what many entries left, so it names none.
    """

    id: UUID
    entry_id: UUID | None
    partner_id: UUID
    source: Account
    target: Account
    amount: int
    currency: str


def transfers_of(
    transfer_id: UUID, *, entry_id: UUID | None, partner_id: UUID, amount: int, source: Account, target: Account, currency: str
) -> tuple[Transfer, ...]:
    """The transfer of `amount`; a negative amount goes the other way, and nothing moves for 0."""
    if amount == 0:
        return ()
    if amount < 0:
        amount, source, target = -amount, target, source
    return (Transfer(transfer_id, entry_id, partner_id, source, target, amount, currency),)
