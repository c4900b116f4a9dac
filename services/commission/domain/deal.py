"""What commission remembers of a deal: its standing, and for each beneficiary what accrued and what is left of it."""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.commission.domain.entries import Exchange
from services.commission.domain.facts import Terms
from services.commission.domain.positions import Move
from shared.chassis.values import Value


class Standing(StrEnum):
    """Waiting: closed, but its commission cannot be figured yet."""

    WAITING = "waiting"
    WON = "won"
    LOST = "lost"
    REOPENED = "reopened"


class Special(Value, frozen=True):
    """What only few stakes have. `frozen`: a dispute holds it. `contested`: conflicts over its deal do; `withheld` is what they
    keep back of one that is released, where no more of it was there. `spiff`: the name of the SPIFF that it is.

    Where a rule matched, `parts` are its commission by line, and `ruled` those that rules gave (0: through the brackets), of
    which `ruled_back` went back. `cut`: a limit took some of it off. `kept` is read, never written: what sales of a former
    release kept by the limit of clawback, which did not remember when refunds were.
    """

    frozen: bool = False
    spiff: str | None = None
    parts: tuple[int, ...] = ()
    ruled: tuple[int, ...] = ()
    ruled_back: int = 0
    kept: int = 0
    cut: bool = False
    contested: bool = False
    withheld: int = 0

    @property
    def stopped(self) -> bool:
        """Whether somebody holds it, so that its release waits."""
        return self.frozen or self.contested


class Stake(Value, frozen=True):
    """The live accrual of one beneficiary: `total` accrued on `revenue`; `reversed` and `lowered` of them went back so far."""

    entry_id: UUID
    partner_id: UUID
    total: int
    revenue: int
    reversed: int = 0
    lowered: int = 0
    released: bool = False
    special: Special | None = None

    @property
    def left(self) -> int:
        """What stands of it, in held or payable; with `refunds: rerate` it may be negative."""
        return self.total - self.reversed

    @property
    def held(self) -> bool:
        """Whether something of it is left that a release would move."""
        return self.total != self.reversed and not self.released and not (self.special and self.special.stopped)


class Counted(Value, frozen=True):
    """Revenue that a close added to a partner's position, and how much of it refunds took off again."""

    partner_id: UUID
    revenue: int
    lowered: int = 0


class Refund(Value, frozen=True):
    """What went back of a sale at one time: `lines` name parts of `amount`."""

    at: datetime
    amount: int
    lines: tuple[tuple[str, int], ...] = ()


class Detail(Value, frozen=True):
    """What only few sales have.

    `counted` is the revenue of each `Counted` by line, and `bracketed` tells which of these ran through the brackets (a rule
    matched others). `shares` divide what is rerated, and `rerated` is what the schedule took back of all of them so far.
    `exchange`: the sale is in another currency. `cash`: it is earned bit by bit. `refunds`: each by its time; those that a
    former release took in are not among them.
    """

    counted: tuple[tuple[int, ...], ...] = ()
    bracketed: tuple[tuple[bool, ...], ...] = ()
    shares: tuple[Fraction, ...] = ()
    exchange: Exchange | None = None
    cash: "Cash | None" = None
    rerated: int | None = None
    refunds: tuple[Refund, ...] = ()


class Sale(Value, frozen=True):
    """A won close as it counts now: its terms in short, refunds so far, and what it gave to whom.

    `lines` are (id, amount); `refunded_lines` are (id, minor units refunded by name).
    """

    amount: int
    currency: str
    closed_at: datetime
    month: date
    plan_version: int
    release_at: datetime
    lines: tuple[tuple[str, int], ...]
    stakes: tuple[Stake, ...]
    counted: tuple[Counted, ...]
    refunded: int = 0
    refunded_lines: tuple[tuple[str, int], ...] = ()
    detail: Detail | None = None

    @property
    def moves(self) -> tuple[Move, ...]:
        """Revenue that the close adds to positions."""
        return tuple([Move(c.partner_id, self.month, c.revenue) for c in self.counted if c.revenue])

    @property
    def by_line(self) -> bool:
        """Whether what went back must be known line by line."""
        return any(stake.special is not None and stake.special.parts for stake in self.stakes)


class Cash(Value, frozen=True):
    """What was invoiced or paid of a sale so far, and what was earned on it: each earning is a small sale of its own."""

    terms: Terms
    received: int = 0
    earnings: tuple[Sale, ...] = ()

    @property
    def net(self) -> int:
        """What is earned on now, in minor units of the deal's currency."""
        return sum(earning.amount - earning.refunded for earning in self.earnings)


class Deal(Value, frozen=True):
    """A deal's last close. `revision` is that of its terms; `sale` is there while it stands won."""

    id: UUID
    partner_id: UUID
    close_number: int
    standing: Standing
    revision: int = 0
    sale: Sale | None = None

    @property
    def sales(self) -> tuple[Sale, ...]:
        """The sale and the earnings on it: all that has stakes."""
        if self.sale is None:
            return ()
        cash = self.sale.detail and self.sale.detail.cash
        return (self.sale, *cash.earnings) if cash else (self.sale,)
