"""Every option of a plan on a real database: limits under concurrency, periods that end, rates that arrive, cash; always replayed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from services.commission.domain.facts import Rate
from services.commission.domain.refusals import FxRateExists
from services.commission.store.plans import Plans
from services.commission.store.snapshot import snapshot
from services.commission.use_cases.audit import audit
from services.commission.use_cases.decide import decide
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from shared.schemas.base import MoneyAmount
from shared.schemas.cash import DealInvoiced
from tests.integration.commission.facts import NOW, amended, closed, deal, partner, refunded, reopened, rows, take_in
from tests.integration.commission.plans import TODAY, rule


@pytest.fixture(autouse=True)
async def replayed(commission: Service) -> AsyncIterator[None]:
    """After each test the ledger is what its journal gives, to the byte."""
    yield
    async with commission.platform.worker_database.transaction() as uow:
        found = await snapshot(uow)
        assert (await audit(uow)).ok
    assert found.replayed().lines() == found.stored.lines()


async def _post(service: Service, *facts: Any) -> None:
    async with service.platform.worker_database.transaction() as uow:
        await decide(uow, facts, plans=Plans())


async def test_cap_when_two_workers_post_at_once_then_never_exceeded(stage: Stage, commission: Service) -> None:
    await rule(commission, caps=[{"period": "year", "amount": "100"}])
    second = await stage.build("commission", kafka=False)
    batches = [[closed(n * 10 + k, 77_00) for k in range(5)] for n in range(8)]
    await asyncio.gather(*(take_in((commission, second)[n % 2], *batch) for n, batch in enumerate(batches)))
    assert await rows(commission, "select sum(amount_minor)::bigint, max(earned_minor) from entries, positions") == [(100_00, 100_00)]
    assert await rows(commission, "select count(*) from entries where reason = 'capped'") == [(27,)]


async def test_budget_of_a_spiff_when_two_workers_and_many_partners_then_never_exceeded(stage: Stage, commission: Service) -> None:
    spiffs = [
        {"name": name, "from": TODAY, "until": "2100-01-01", "flat": "7", "budget": budget, "cap": "21"}
        for name, budget in (("b", "100"), ("a", "50"))
    ]
    await rule(commission, spiffs=spiffs)
    second = await stage.build("commission", kafka=False)
    batches = [[closed(n * 10 + k, 10_00, shares={n % 4 + k % 3: "1"}) for k in range(6)] for n in range(8)]
    await asyncio.gather(*(take_in((commission, second)[n % 2], *batch) for n, batch in enumerate(batches)))
    used = await rows(commission, "select rule, sum(amount_minor)::bigint from entries where kind = 'spiff' group by 1 order by 1")
    assert used == [("a", 50_00), ("b", 100_00)]
    most = await rows(
        commission, "select max(s) from (select sum(amount_minor) s from entries where kind = 'spiff' group by rule, partner_id) x"
    )
    assert most[0][0] <= 21_00


async def test_spiff_when_its_deal_is_refunded_and_reopened_then_its_budget_is_free_again(commission: Service) -> None:
    await rule(commission, spiffs=[{"name": "s", "from": TODAY, "until": "2100-01-01", "rate": "0.1", "budget": "10"}])
    await take_in(commission, closed(1, 100_00), refunded(1, 40_00), closed(2, 100_00))
    spiffs = (
        "select amount_minor from entries where kind = 'spiff' or reverses in (select id from entries where kind = 'spiff') order by seq"
    )
    assert [row[0] for row in await rows(commission, spiffs)] == [10_00, -4_00, 4_00]
    await take_in(commission, reopened(1), reopened(2))
    assert await rows(commission, "select distinct amount from tallies") == [(0,)]


async def test_spiff_when_its_hold_ends_then_payable_like_the_accrual(commission: Service, clock: ManualClock) -> None:
    await rule(commission, spiffs=[{"name": "s", "from": TODAY, "until": "2100-01-01", "flat": "5"}])
    await take_in(commission, closed(1, 100_00))
    clock.set(NOW + timedelta(days=30))
    await commission.worker.timers.run_due()
    assert await rows(commission, "select held_minor, payable_minor from balances") == [(0, 15_00)]


async def test_bonus_when_its_period_ended_then_posted_and_late_refunds_settle(commission: Service, clock: ManualClock) -> None:
    await rule(commission, bonuses=[{"name": "q", "period": "month", "target": "100", "rate": "0.01"}])
    await take_in(commission, closed(1, 200_00), closed(2, 99_99, shares={2: "1"}))
    bonus = "select kind, amount_minor, partner_id from entries where deal_id is null order by seq"
    await commission.worker.timers.run_due()
    assert await rows(commission, bonus) == []
    clock.set(NOW + timedelta(days=40))
    await commission.worker.timers.run_due()
    assert await rows(commission, bonus) == [("bonus", 2_00, partner(1))]
    await take_in(commission, refunded(1, 50_00), closed(3, 1, shares={2: "1"}))
    await commission.worker.timers.run_due()
    await commission.worker.timers.run_due()
    found = await rows(commission, bonus)
    assert sorted(found[1:]) == sorted([("adjustment", -50, partner(1)), ("bonus", 1_00, partner(2))])
    assert await rows(commission, "select count(*) from outbox where type = 'hansa.commission.adjusted.v1'") == [(3,)]


async def test_rewards_when_the_year_ends_then_granted_once(stage: Stage, commission: Service, clock: ManualClock) -> None:
    await rule(commission, rewards=[{"name": "top", "top": 2, "amounts": ["50", "20"]}])
    await take_in(commission, closed(1, 10_00), closed(2, 30_00, shares={2: "1"}), closed(3, 20_00, shares={3: "1"}))
    clock.set(NOW + timedelta(days=370))
    second = await stage.build("commission", kafka=False)
    await asyncio.gather(commission.worker.timers.run_due(), second.worker.timers.run_due(), return_exceptions=True)
    await take_in(commission, refunded(2, 30_00, owner=2))
    await commission.worker.timers.run_due()
    granted = await rows(commission, "select partner_id, amount_minor from entries where kind = 'reward' order by seq")
    assert granted == [(partner(2), 50_00), (partner(3), 20_00)]


async def test_rate_when_recorded_then_the_waiting_deal_can_be_figured_and_keeps_it(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00, currency="EUR"), refunded(1, 10_00, currency="EUR"))
    rate = Rate("rate:EUR:USD", NOW, "EUR", "USD", NOW.date(), Fraction("1.1"), "ecb")
    await _post(commission, rate)
    with pytest.raises(FxRateExists):
        await _post(commission, Rate("another", NOW, "EUR", "USD", NOW.date(), Fraction("1.2"), "ecb"))
    await take_in(commission, closed(2, 100_00, currency="EUR"))
    found = f"select amount_minor, derivation #>> '{{exchange,rate}}' from entries where deal_id = '{deal(2)}'"
    entries = await rows(commission, found)
    assert entries == [(16_50, "11/10")]


async def test_invoices_when_the_plan_earns_on_them_then_accrued_as_they_come_and_taken_back_with_a_refund(commission: Service) -> None:
    await rule(commission, earned_on="invoiced", base="cumulative", refunds="rerate")
    await take_in(commission, _invoiced(1, 30_00), closed(1, 100_00, shares={1: "0.5", 2: "0.5"}))
    await take_in(commission, _invoiced(1, 70_00), refunded(1, 50_00), _invoiced(1, 1))
    held = await rows(commission, "select partner_id, held_minor from balances")
    assert sorted(held) == sorted([(partner(1), 2_50), (partner(2), 2_50)])
    assert await rows(commission, "select code from refusals") == [("invoice_exceeds_sale",)]


async def test_everything_at_once_when_told_in_any_order_then_replayed_to_the_byte(commission: Service, clock: ManualClock) -> None:
    await rule(
        commission,
        base="cumulative",
        refunds="rerate",
        split="revenue",
        clawback_days=10,
        brackets=[{"from": "0", "to": "100", "rate": "0.1"}, {"from": "100", "to": None, "rate": "0.2"}],
        rules=[{"name": "alpha", "when": {"product": "alpha", "max_amount": "50"}, "rate": "0.3"}],
        caps=[{"period": "quarter", "amount": "60"}],
        spiffs=[{"name": "s", "from": TODAY, "until": "2100-01-01", "per_unit": "2", "budget": "9"}],
        bonuses=[{"name": "m", "period": "month", "target": "50", "flat": "4"}],
        rewards=[{"name": "r", "top": 1, "amounts": ["3"], "period": "month"}],
    )
    two = {1: "1/3", 2: "2/3"}
    await take_in(commission, closed(1, 90_00, shares=two, lines={"a": 40_00, "b": 50_00}), closed(2, 120_00), closed(3, 80_00))
    await take_in(commission, refunded(1, 20_00, lines=[("a", 20_00)]), refunded(1, 30_00), amended(2, 60_00, shares=two))
    clock.set(NOW + timedelta(days=45))
    await commission.worker.timers.run_due()
    await take_in(commission, reopened(3), refunded(2, 60_00, revision=1), closed(4, 5_00))
    await commission.worker.timers.run_due()
    kinds = {row[0] for row in await rows(commission, "select distinct kind from entries")}
    assert kinds == {"accrual", "reversal", "spiff", "bonus", "adjustment", "reward"}


def _invoiced(number: int, minor: int) -> DealInvoiced:
    return DealInvoiced(
        deal_id=deal(number),
        partner_id=partner(1),
        occurred_at=NOW,
        recorded_at=NOW,
        close_number=1,
        amount=MoneyAmount(amount_minor=minor, currency="USD"),
        reference=f"I-{number}-{minor}",
    )


async def test_earnings_on_invoices_when_their_hold_ends_then_payable(commission: Service, clock: ManualClock) -> None:
    await rule(commission, earned_on="invoiced")
    await take_in(commission, closed(1, 100_00), _invoiced(1, 60_00), _invoiced(1, 30_00))
    clock.set(NOW + timedelta(days=30))
    await commission.worker.timers.run_due()
    assert await rows(commission, "select held_minor, payable_minor from balances") == [(0, 9_00)]
    assert await rows(commission, "select 1 from entries where due_at is not null") == []


async def test_brackets_of_a_deal_when_it_is_invoiced_in_parts_then_as_if_invoiced_at_once(commission: Service) -> None:
    brackets = [{"from": "0", "to": "100", "rate": "0.15"}, {"from": "100", "to": None, "rate": "0.20"}]
    await rule(commission, earned_on="invoiced", brackets=brackets)
    await take_in(commission, closed(1, 250_00), *(_invoiced(1, 50_00 + n) for n in range(-2, 3)))
    assert await rows(commission, "select held_minor from balances") == [(45_00,)]
    await take_in(commission, refunded(1, 250_00))
    assert await rows(commission, "select held_minor from balances") == [(0,)]


@pytest.mark.parametrize("year", [1, 1899, 9901, 9999])
async def test_close_when_its_instant_lies_at_an_end_of_the_calendar_then_refused_and_nothing_parked(
    commission: Service, year: int
) -> None:
    await take_in(commission, closed(1, 100_00, at=NOW.replace(year=year)), closed(2, 100_00))
    assert await rows(commission, "select code from refusals") == [("instant_out_of_range",)]
    assert await rows(commission, "select count(*) from entries") == [(1,)]
    assert await rows(commission, "select count(*) from dead_letters") == [(0,)]


async def test_bonus_when_the_partner_is_of_another_type_by_now_then_a_refund_is_figured_by_the_type_it_had(
    commission: Service, clock: ManualClock
) -> None:
    for kind, amount in (("channel", "90"), ("strategic_alliance", "70")):
        bonus = {"name": f"for {kind}", "period": "quarter", "target": "50", "flat": amount}
        await rule(commission, assigned_to={"types": [kind]}, bonuses=[bonus])
    await take_in(commission, closed(1, 100_00).model_copy(update={"partner_type": "channel"}))
    later = NOW + timedelta(days=100)
    clock.set(later)
    await commission.worker.timers.run_due()
    await take_in(commission, closed(2, 10_00, at=later).model_copy(update={"partner_type": "strategic_alliance"}), refunded(1, 10_00))
    clock.set(later + timedelta(minutes=2))
    await commission.worker.timers.run_due()
    assert await rows(commission, "select rule, amount_minor from entries where kind in ('bonus', 'adjustment')") == [
        ("for channel", 90_00)
    ]
    assert await rows(commission, "select amount from tallies where name like 'counted:%'") == [(90_00,)]


BONUSES = "select rule, amount_minor from entries where kind in ('bonus', 'adjustment') order by seq"


async def _granted_then(commission: Service, clock: ManualClock, *late: Any, **gives: str) -> None:
    """Channel partners have a quarterly bonus and alliances have none; late facts come once it was given on 100.00."""
    bonus = {"name": "for channel", "period": "quarter", "target": "50", **gives}
    await rule(commission, assigned_to={"types": ["channel"]}, bonuses=[bonus])
    await rule(commission, assigned_to={"types": ["strategic_alliance"]})
    await take_in(commission, closed(1, 100_00).model_copy(update={"partner_type": "channel"}))
    for days, facts in ((100, ()), (101, late)):
        clock.set(NOW + timedelta(days=days))
        await take_in(commission, *facts)
        await commission.worker.timers.run_due()


@pytest.mark.parametrize("event", [refunded(1, 90_00), reopened(1), amended(1, 10_00)])
async def test_bonus_when_a_late_close_tells_a_type_without_one_then_what_undoes_its_ground_takes_it_back(
    commission: Service, clock: ManualClock, event: Any
) -> None:
    late = closed(2, 20_00).model_copy(update={"partner_type": "strategic_alliance"})
    await _granted_then(commission, clock, late, event, flat="9")
    assert await rows(commission, BONUSES) == [("for channel", 9_00), ("for channel", -9_00)]


async def test_bonus_when_a_late_close_tells_another_type_then_it_counts_by_the_type_that_it_was_given_by(
    commission: Service, clock: ManualClock
) -> None:
    late = closed(2, 20_00).model_copy(update={"partner_type": "strategic_alliance"})
    await _granted_then(commission, clock, late, rate="0.1")
    assert await rows(commission, BONUSES) == [("for channel", 10_00), ("for channel", 2_00)]


async def test_reward_when_a_partner_is_of_another_type_by_now_then_it_ranks_by_the_type_it_had(
    commission: Service, clock: ManualClock
) -> None:
    reward = {"name": "best", "top": 1, "by": "revenue", "amounts": ["50"], "period": "quarter"}
    await rule(commission, assigned_to={"types": ["channel"]}, rewards=[reward])
    await rule(commission, assigned_to={"types": ["strategic_alliance"]})
    later = NOW + timedelta(days=100)
    await take_in(
        commission,
        closed(1, 100_00).model_copy(update={"partner_type": "channel"}),
        closed(2, 10_00, at=later).model_copy(update={"partner_type": "strategic_alliance"}),
    )
    clock.set(later)
    await commission.worker.timers.run_due()
    assert await rows(commission, "select rule, amount_minor from entries where kind = 'reward'") == [("best", 50_00)]
