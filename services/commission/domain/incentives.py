"""What a plan pays or limits besides commission on revenue: caps, SPIFFs, bonuses for targets, rewards for the top."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.rules import Condition


class Counting(StrEnum):
    """What a bonus' rate applies to: all revenue of the period, or what exceeds the target."""

    TOTAL = "total"
    EXCESS = "excess"


class Measure(StrEnum):
    """What rewards rank partners by."""

    REVENUE = "revenue"
    DEALS = "deals"


@dataclass(frozen=True, slots=True)
class Cap:
    """A partner's commission on deals closed in one period is never above `amount` minor units, net of reversals."""

    period: PeriodKind
    amount: int


@dataclass(frozen=True, slots=True)
class Spiff:
    """An extra on lines of deals closed in `[start, until)` days: `per_unit` sold, a `rate` of the line, or `flat` per line.

    At most `cap` for one partner and `budget` for the programme, in minor units, net of reversals, over all versions of the name.
    """

    name: str
    start: date
    until: date
    when: Condition
    per_unit: int | None = None
    rate: Fraction | None = None
    flat: int | None = None
    cap: int | None = None
    budget: int | None = None

    def open_on(self, day: date) -> bool:
        """Whether a deal that closes on `day` may earn it."""
        return self.start <= day < self.until


@dataclass(frozen=True, slots=True)
class Bonus:
    """`flat`, or a `rate` of the revenue `on` which it counts, once a partner's revenue of a period is `target` or more."""

    name: str
    period: PeriodKind
    target: int
    flat: int | None = None
    rate: Fraction | None = None
    on: Counting = Counting.TOTAL

    def exact(self, revenue: int) -> Fraction:
        """What it is on `revenue`, in minor units."""
        if revenue < self.target:
            return Fraction(0)
        counted = revenue - self.target if self.on is Counting.EXCESS else revenue
        return Fraction(self.flat or 0) + (self.rate or 0) * counted


@dataclass(frozen=True, slots=True)
class Reward:
    """`amounts` (minor units) for the first `top` partners of a period, `by` a measure; the last amount holds for the ranks after it."""

    name: str
    top: int
    by: Measure
    amounts: tuple[int, ...]
    period: PeriodKind = PeriodKind.YEAR
