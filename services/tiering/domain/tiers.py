"""The ranks of the programme and the policy that fills them; every figure is the vendor's data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction


class Tier(StrEnum):
    """Ranks of the programme, best first."""

    PLATINUM = "platinum"
    GOLD = "gold"
    SILVER = "silver"
    BRONZE = "bronze"

    @property
    def level(self) -> int:
        """0 is the best; a greater number is a lower tier."""
        return _ORDER.index(self)

    def below(self) -> "Tier":
        """The next tier down; bronze has none below and stays bronze."""
        return _ORDER[min(self.level + 1, len(_ORDER) - 1)]


_ORDER = tuple(Tier)


class Mode(StrEnum):
    """What decides the tier: the place among all partners, a score to reach, or both at once (the lower of the two)."""

    PERCENTILE = "percentile"
    THRESHOLD = "threshold"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class TierRule:
    """Who may be in `tier`: the best `share` of the population (cumulative), a score of at least `threshold`, `certified` people."""

    tier: Tier
    share: Fraction = Fraction(0)
    threshold: Fraction | None = None
    certified: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """How partners are scored and ranked. `rules` stand best tier first, without bronze, which holds the rest.

    Shares are cumulative and never fall from one rule to the next. `revenue_weight` is points for one major unit of
    `currency`; `certification_points`, by level, are given for each person who holds a valid certificate of that
    level, and are weighted too.
    """

    currency: str
    rules: tuple[TierRule, ...]
    revenue_weight: Fraction = Fraction(1)
    certification_weight: Fraction = Fraction(1)
    certification_points: Mapping[int, Fraction] = field(default_factory=dict)
    window_months: int = 12
    interval_months: int = 3
    grace: timedelta = timedelta(days=90)
    mode: Mode = Mode.PERCENTILE
