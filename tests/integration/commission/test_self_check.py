"""The nightly self-check: within its days every partner is replayed, and a tampered row raises the alarm."""

from datetime import timedelta

from services.commission.use_cases.self_check import SelfCheck
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.waiting import eventually
from tests.integration.commission.facts import closed, rows, take_in

DAYS = 3
GAUGE = "hansa_commission_replay_differences"


def _check(service: Service) -> SelfCheck:
    platform = service.platform
    return SelfCheck(lambda: platform.worker_database, clock=platform.clock, metrics=platform.telemetry.metrics, days=DAYS)


def _gauge(service: Service) -> float:
    lines = service.platform.telemetry.metrics.exposition().decode().splitlines()
    return float(next(line for line in lines if line.startswith(GAUGE)).rsplit(" ", 1)[1])


async def test_self_check_when_run_daily_then_every_partner_is_compared_within_its_days(commission: Service, clock: ManualClock) -> None:
    await take_in(commission, *(closed(n, 100_00, shares={n: "1"}) for n in range(20)))
    compared = 0
    for _ in range(DAYS):
        found = await _check(commission).run_due()
        assert found is not None
        assert found.same
        compared += found.comparison.partners
        assert await _check(commission).run_due() is None, "one slice a day"
        clock.advance(timedelta(days=1))

    assert compared == 20
    assert await rows(commission, "select count(*), sum(facts), sum(differences) from self_checks") == [(DAYS, 20, 0)]
    assert _gauge(commission) == 0


async def test_self_check_when_a_row_was_tampered_with_then_the_gauge_rises_and_falls_once_it_is_mended(
    commission: Service, clock: ManualClock
) -> None:
    await take_in(commission, closed(1, 100_00))
    await rows(commission, "update entries set amount_minor = amount_minor + 1")
    for _ in range(DAYS):
        await _check(commission).run_due()
        clock.advance(timedelta(days=1))
    raised, told = _gauge(commission), await rows(commission, "select found from self_checks where differences > 0")
    await rows(commission, "update entries set amount_minor = amount_minor - 1")
    for _ in range(DAYS):
        await _check(commission).run_due()
        clock.advance(timedelta(days=1))

    assert (raised, _gauge(commission)) == (1, 0)
    entry = (await rows(commission, "select id from entries"))[0][0]
    assert str(entry) in told[0][0]


async def test_self_check_when_it_was_away_for_long_then_the_overdue_are_checked_at_once(commission: Service, clock: ManualClock) -> None:
    for _ in range(DAYS):
        assert await _check(commission).run_due() is not None
        clock.advance(timedelta(days=1))
    clock.advance(timedelta(days=2 * DAYS))

    done = [await _check(commission).run_due() is not None for _ in range(DAYS + 1)]

    assert done == [True] * DAYS + [False]


async def test_self_check_when_a_worker_runs_then_it_is_done_by_itself(commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))
    check = _check(commission)
    await check.start()
    try:
        await eventually(lambda: _checked(commission))
    finally:
        await check.stop()


async def _checked(service: Service) -> bool:
    return bool(await rows(service, "select 1 from self_checks"))
