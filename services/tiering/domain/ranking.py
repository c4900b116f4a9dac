"""Who earned which tier: a total, repeatable order over the population, cut at cumulative percentiles."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from uuid import UUID

from services.tiering.domain.scoring import Scored
from services.tiering.domain.tiers import Mode, Policy, Tier, TierRule


@dataclass(frozen=True, slots=True)
class Ranked:
    """A partner's place among `population` and the tier it earned there, with the reason in words."""

    scored: Scored
    rank: int
    population: int
    earned: Tier
    reason: str

    @property
    def partner_id(self) -> UUID:
        return self.scored.partner_id


def limits(population: int, *, rules: tuple[TierRule, ...]) -> tuple[tuple[Tier, int], ...]:
    """The last rank of each tier, rounded up: `ceil(n × p)` with `p` cumulative. Bronze takes the rest and is not listed."""
    return tuple((rule.tier, min(population, ceil(population * rule.share))) for rule in rules)


def seats(population: int, *, rules: tuple[TierRule, ...]) -> dict[Tier, int]:
    """How many partners each tier holds when all have a score: 33 → platinum 2, gold 3, silver 5, bronze 23."""
    counts, taken = {}, 0
    for tier, last in limits(population, rules=rules):
        counts[tier], taken = last - taken, last
    return counts | {Tier.BRONZE: population - taken}


def rank(population: Iterable[Scored], *, policy: Policy) -> tuple[Ranked, ...]:
    """Best first, by score, revenue, earliest enrolment, id. A score of zero or less never earns more than bronze."""
    ordered = sorted(population, key=_order)
    cut = limits(len(ordered), rules=policy.rules)
    return tuple(_place(scored, rank=number, of=len(ordered), cut=cut, policy=policy) for number, scored in enumerate(ordered, start=1))


def _order(scored: Scored) -> tuple[Fraction, int, datetime, UUID]:
    return (-scored.score, -scored.revenue_minor, scored.enrolled_at, scored.partner_id)


def _place(scored: Scored, *, rank: int, of: int, cut: tuple[tuple[Tier, int], ...], policy: Policy) -> Ranked:
    if scored.score <= 0:
        return Ranked(scored, rank, of, Tier.BRONZE, f"rank {rank} of {of}; no score in the last {policy.window_months} months")
    candidate = _candidate(scored, rank=rank, cut=cut, policy=policy)
    earned = _certified(candidate, scored=scored, policy=policy)
    reason = f"rank {rank} of {of}"
    if earned is not candidate:
        reason += f"; {candidate} asks for more certified people than {scored.certified}"
    return Ranked(scored, rank, of, earned, reason)


def _candidate(scored: Scored, *, rank: int, cut: tuple[tuple[Tier, int], ...], policy: Policy) -> Tier:
    by_place = next((tier for tier, last in cut if rank <= last), Tier.BRONZE)
    by_score = next((r.tier for r in policy.rules if r.threshold is not None and scored.score >= r.threshold), Tier.BRONZE)
    match policy.mode:
        case Mode.PERCENTILE:
            return by_place
        case Mode.THRESHOLD:
            return by_score
        case Mode.BOTH:
            return max(by_place, by_score, key=lambda tier: tier.level)


def _certified(candidate: Tier, *, scored: Scored, policy: Policy) -> Tier:
    """The best tier from `candidate` down whose number of certified people is met."""
    needed = {rule.tier: rule.certified for rule in policy.rules}
    tier = candidate
    while tier is not Tier.BRONZE and scored.certified < needed.get(tier, 0):
        tier = tier.below()
    return tier
