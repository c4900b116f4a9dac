"""What commission remembers of a deal: its standing, and for each beneficiary what accrued and what is left of it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Standing(StrEnum):
    """Waiting: closed, but its commission cannot be figured yet."""

    WAITING = "waiting"
    WON = "won"
    LOST = "lost"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Special:
    """What only few stakes have. `frozen`: a dispute or conflict holds it."""

    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Stake:
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
        return self.total != self.reversed and not self.released and not (self.special and self.special.frozen)


@dataclass(frozen=True, slots=True)
class Counted:
    """Revenue that a close added to a partner's position, and how much of it refunds took off again."""

    partner_id: UUID
    revenue: int
    lowered: int = 0


@dataclass(frozen=True, slots=True)
class Sale:
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


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal's last close. `revision` is that of its terms; `sale` is there while it stands won."""

    id: UUID
    partner_id: UUID
    close_number: int
    standing: Standing
    revision: int = 0
    sale: Sale | None = None
