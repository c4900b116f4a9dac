"""Short ways to make the values that tiering's tests rank."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

from services.tiering.domain.scoring import Measures, Scored, score
from services.tiering.domain.tiers import Mode, Policy, Tier, TierRule

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ENROLLED = datetime(2025, 1, 1, tzinfo=UTC)
RULES = (
    TierRule(Tier.PLATINUM, Fraction(5, 100), Fraction(500_000)),
    TierRule(Tier.GOLD, Fraction(15, 100), Fraction(100_000)),
    TierRule(Tier.SILVER, Fraction(30, 100), Fraction(10_000)),
)
POLICY = Policy("USD", RULES, certification_points={1: Fraction(100), 4: Fraction("2500.5")}, grace=timedelta(days=90))


def policy(*, mode: Mode = Mode.PERCENTILE, certified: dict[Tier, int] | None = None) -> Policy:
    """The usual policy, with another mode or people asked for."""
    asked = certified or {}
    rules = tuple(TierRule(rule.tier, rule.share, rule.threshold, asked.get(rule.tier, 0)) for rule in RULES)
    return Policy("USD", rules, mode=mode)


def scored(number: int, *, dollars: int = 0, certified: int = 0, enrolled: datetime = ENROLLED) -> Scored:
    """Partner `number` with its revenue as its score."""
    return score(Measures(UUID(int=number), enrolled, dollars * 100, certified=certified), policy=POLICY)
