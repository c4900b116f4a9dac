"""Holds end by timer; reversals leave the account where their accrual stands."""

import asyncio
from datetime import timedelta

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import NOW, amended, closed, refunded, reopened, rows, take_in

BALANCE = "select held_minor, payable_minor from balances"
DAY = timedelta(days=1)


async def test_hold_when_thirty_days_from_the_close_then_payable_and_told(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00))
    clock.set(NOW + 30 * DAY - timedelta(microseconds=1))
    await commission.worker.timers.run_due()
    assert await rows(commission, BALANCE) == [(15_00, 0)]
    clock.set(NOW + 30 * DAY)
    await commission.worker.timers.run_due()
    assert await rows(commission, BALANCE) == [(0, 15_00)]
    told = "select payload::jsonb#>>'{amount,amount_minor}' from outbox where type = 'hansa.commission.released.v1'"
    assert await rows(commission, told) == [("1500",)]


async def test_refund_when_within_the_hold_then_the_rest_is_released(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00), refunded(1, 40_00))
    clock.set(NOW + 30 * DAY)
    await commission.worker.timers.run_due()
    assert await rows(commission, BALANCE) == [(0, 9_00)]


async def test_refund_when_after_the_release_then_taken_from_what_is_payable(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00), closed(2, 10_00))
    clock.set(NOW + 30 * DAY)
    await commission.worker.timers.run_due()
    await take_in(commission, refunded(1, 100_00))
    assert await rows(commission, BALANCE) == [(0, 1_50)]


async def test_undone_close_when_its_hold_would_end_then_nothing_is_released(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, closed(1, 100_00), closed(2, 50_00), reopened(1), amended(2, 20_00), refunded(2, 20_00, revision=1))
    clock.set(NOW + 30 * DAY)
    await commission.worker.timers.run_due()
    assert await rows(commission, "select 1 from journal where kind = 'released'") == []
    assert await rows(commission, "select 1 from entries where due_at is not null") == []


async def test_release_when_two_workers_do_it_at_once_then_once(stage: Stage, commission: Service, clock: ManualClock) -> None:
    second = await stage.build("commission", kafka=False)
    await take_in(commission, *(closed(number, 100_00) for number in range(50)))
    clock.set(NOW + 30 * DAY)
    await asyncio.gather(commission.worker.timers.run_due(), second.worker.timers.run_due())
    assert await rows(commission, BALANCE) == [(0, 50 * 15_00)]
    assert await rows(commission, "select count(*) from journal where kind = 'released'") == [(50,)]
