"""The laws of ranking and of moving between tiers, for any population and any history."""

from datetime import timedelta
from fractions import Fraction
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.tiering.domain.ranking import rank, seats
from services.tiering.domain.revenue import Close, Share, Terms, revenue_by_partner
from services.tiering.domain.scoring import Scored, to_decimal
from services.tiering.domain.tiers import Tier, TierRule
from services.tiering.domain.transitions import Changed, Holding, advance
from shared.chassis.money import Money
from tests.unit.tiering.build import ENROLLED, NOW, POLICY, RULES, scored

GRACE = timedelta(days=90)
PARTNER = UUID(int=1)


@st.composite
def populations(draw: st.DrawFn) -> list[Scored]:
    size = draw(st.integers(0, 40))
    return [
        scored(number, dollars=draw(st.integers(0, 5)), enrolled=ENROLLED + timedelta(days=draw(st.integers(0, 2))))
        for number in range(1, size + 1)
    ]


@given(populations(), st.randoms())
def test_rank_is_repeatable_whatever_the_order_of_the_input(population: list[Scored], random: Random) -> None:
    shuffled = list(population)
    random.shuffle(shuffled)
    assert rank(population, policy=POLICY) == rank(shuffled, policy=POLICY)


@given(populations())
def test_ranks_are_total_and_tiers_never_rise_down_the_list(population: list[Scored]) -> None:
    ranked = rank(population, policy=POLICY)
    assert [place.rank for place in ranked] == list(range(1, len(population) + 1))
    levels = [place.earned.level for place in ranked]
    assert levels == sorted(levels)
    assert all(place.earned is Tier.BRONZE for place in ranked if place.scored.score <= 0)


@given(st.integers(0, 500_000), st.lists(st.integers(0, 1000), min_size=3, max_size=3).map(sorted))
def test_seats_sum_to_the_population(population: int, thousandths: list[int]) -> None:
    rules = tuple(TierRule(rule.tier, Fraction(share, 1000)) for rule, share in zip(RULES, thousandths, strict=True))
    held = seats(population, rules=rules)
    assert sum(held.values()) == population
    assert all(count >= 0 for count in held.values())


@given(st.sampled_from(Tier), st.lists(st.tuples(st.sampled_from(Tier), st.integers(0, 200)), max_size=12))
def test_falls_are_one_tier_announced_and_never_before_their_grace(start: Tier, history: list[tuple[Tier, int]]) -> None:
    holding, now, announced_at = Holding(PARTNER, start, NOW), NOW, None
    for earned, days in history:
        before, now = holding, now + timedelta(days=days)
        holding, facts = advance(holding, earned=earned, now=now, grace=GRACE)
        for fact in (fact for fact in facts if isinstance(fact, Changed)):
            assert fact.origin is before.tier
            assert fact.to is holding.tier
            if fact.to.level > before.tier.level:
                assert fact.to is before.tier.below()
                assert announced_at is not None
                assert now >= announced_at + GRACE
        if holding.pending is None:
            announced_at = None
        elif holding.pending != before.pending:
            announced_at = now
        assert holding.tier.level <= max(before.tier.level, earned.level)


@given(st.sampled_from(Tier), st.sampled_from(Tier))
def test_second_evaluation_at_the_same_instant_says_nothing_new(tier: Tier, earned: Tier) -> None:
    once, _ = advance(Holding(PARTNER, tier, NOW), earned=earned, now=NOW, grace=GRACE)
    assert advance(once, earned=earned, now=NOW, grace=GRACE) == (once, [])


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_parts_of_a_close_add_up_to_its_net_revenue(amount: int, refunded: int, weights: list[int]) -> None:
    shares = tuple(Share(UUID(int=n), Fraction(weight, sum(weights))) for n, weight in enumerate(weights, start=1))
    close = Close(Terms(UUID(int=9), 1, 1, NOW, Money(amount, "USD"), shares, registrant=PARTNER), refunded)
    assert sum(revenue_by_partner(close).values()) == max(0, amount - refunded)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_score_as_decimal_is_the_same_number(value: object) -> None:
    assert Fraction(to_decimal(Fraction(str(value)))) == Fraction(str(value))
