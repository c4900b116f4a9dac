"""Moves between tiers: up at once, down after grace, one at a time."""

from datetime import timedelta
from uuid import UUID

from services.tiering.domain.tiers import Tier
from services.tiering.domain.transitions import Announced, Changed, Holding, Pending, advance, place
from tests.unit.tiering.build import NOW

PARTNER = UUID(int=1)
GRACE = timedelta(days=90)


def test_first_evaluation_places_a_partner_in_what_it_earned() -> None:
    holding, facts = place(PARTNER, earned=Tier.GOLD, now=NOW)
    assert holding == Holding(PARTNER, Tier.GOLD, NOW)
    assert facts == [Changed(PARTNER, None, Tier.GOLD, NOW)]


def test_upgrade_skips_tiers_and_lifts_a_pending_fall() -> None:
    held = Holding(PARTNER, Tier.SILVER, NOW - GRACE, Pending(Tier.BRONZE, NOW))
    holding, facts = advance(held, earned=Tier.PLATINUM, now=NOW, grace=GRACE)
    assert holding == Holding(PARTNER, Tier.PLATINUM, NOW)
    assert facts == [Changed(PARTNER, Tier.SILVER, Tier.PLATINUM, NOW)]


def test_downgrade_is_announced_by_one_tier_and_changes_nothing_yet() -> None:
    holding, facts = advance(Holding(PARTNER, Tier.PLATINUM, NOW - GRACE), earned=Tier.BRONZE, now=NOW, grace=GRACE)
    assert holding.tier is Tier.PLATINUM
    assert facts == [Announced(PARTNER, Tier.PLATINUM, Tier.GOLD, NOW + GRACE)]


def test_downgrade_waits_until_the_very_end_of_its_grace() -> None:
    held = Holding(PARTNER, Tier.GOLD, NOW, Pending(Tier.SILVER, NOW + GRACE))
    early = NOW + GRACE - timedelta(microseconds=1)
    assert advance(held, earned=Tier.SILVER, now=early, grace=GRACE) == (held, [])
    holding, facts = advance(held, earned=Tier.SILVER, now=NOW + GRACE, grace=GRACE)
    assert holding == Holding(PARTNER, Tier.SILVER, NOW + GRACE)
    assert facts == [Changed(PARTNER, Tier.GOLD, Tier.SILVER, NOW + GRACE)]


def test_deep_fall_goes_one_tier_and_announces_the_next_with_its_own_grace() -> None:
    held = Holding(PARTNER, Tier.PLATINUM, NOW, Pending(Tier.GOLD, NOW))
    holding, facts = advance(held, earned=Tier.BRONZE, now=NOW, grace=GRACE)
    assert holding == Holding(PARTNER, Tier.GOLD, NOW, Pending(Tier.SILVER, NOW + GRACE))
    assert facts == [Changed(PARTNER, Tier.PLATINUM, Tier.GOLD, NOW), Announced(PARTNER, Tier.GOLD, Tier.SILVER, NOW + GRACE)]


def test_partner_that_recovers_in_time_keeps_its_tier() -> None:
    held = Holding(PARTNER, Tier.GOLD, NOW, Pending(Tier.SILVER, NOW + GRACE))
    assert advance(held, earned=Tier.GOLD, now=NOW, grace=GRACE) == (Holding(PARTNER, Tier.GOLD, NOW), [])
