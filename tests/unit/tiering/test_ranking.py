"""Ranks and the tiers earned by them."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.tiering.domain.ranking import rank, seats
from services.tiering.domain.tiers import Mode, Tier
from tests.unit.tiering.build import ENROLLED, POLICY, RULES, policy, scored


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (0, (0, 0, 0, 0)),
        (1, (1, 0, 0, 0)),
        (10, (1, 1, 1, 7)),
        (20, (1, 2, 3, 14)),
        (33, (2, 3, 5, 23)),
        (100, (5, 10, 15, 70)),
    ],
)
def test_seats_of_a_population_are_cumulative_and_rounded_up(population: int, expected: tuple[int, ...]) -> None:
    assert tuple(seats(population, rules=RULES)[tier] for tier in Tier) == expected


@pytest.mark.parametrize("population", [1, 10, 20, 33, 100])
def test_rank_fills_the_seats_best_score_first(population: int) -> None:
    ranked = rank([scored(n, dollars=n) for n in range(1, population + 1)], policy=POLICY)
    held = {tier: sum(r.earned is tier for r in ranked) for tier in Tier}
    assert held == seats(population, rules=RULES)
    assert [r.scored.revenue_minor for r in ranked] == sorted((n * 100 for n in range(1, population + 1)), reverse=True)


def test_zero_score_never_earns_more_than_bronze() -> None:
    ranked = rank([scored(n) for n in range(1, 11)] + [scored(99, dollars=1)], policy=POLICY)
    assert [r.earned for r in ranked] == [Tier.PLATINUM] + [Tier.BRONZE] * 10
    assert ranked[1].reason == "rank 2 of 11; no score in the last 12 months"


def test_ties_go_to_the_earlier_enrolment_then_to_the_lower_id() -> None:
    late = scored(1, dollars=5, enrolled=ENROLLED + timedelta(seconds=1))
    ranked = rank([late, scored(3, dollars=5), scored(2, dollars=5)], policy=POLICY)
    assert [r.partner_id for r in ranked] == [UUID(int=2), UUID(int=3), UUID(int=1)]


def test_threshold_mode_asks_for_a_score_whatever_the_rank() -> None:
    partners = [scored(1, dollars=20_000), scored(2, dollars=150_000), scored(3, dollars=9_999)]
    ranked = rank(partners, policy=policy(mode=Mode.THRESHOLD))
    assert [r.earned for r in ranked] == [Tier.GOLD, Tier.SILVER, Tier.BRONZE]


def test_both_modes_give_the_lower_tier_of_the_two() -> None:
    ranked = rank([scored(1, dollars=20_000)], policy=policy(mode=Mode.BOTH))
    assert ranked[0].earned is Tier.SILVER


def test_too_few_certified_people_cost_the_tier_that_asks_for_them() -> None:
    ranked = rank([scored(1, dollars=1, certified=2)], policy=policy(certified={Tier.PLATINUM: 5, Tier.GOLD: 3, Tier.SILVER: 2}))
    assert ranked[0].earned is Tier.SILVER
    assert ranked[0].reason == "rank 1 of 1; platinum asks for more certified people than 2"
