"""A close for which no version of the plan is in force waits, and is looked at again whenever there are more versions."""

from datetime import UTC, datetime

import httpx2

from services.commission.use_cases.audit import audit
from shared.chassis.service import Service
from tests.integration.commission.facts import closed, refunded, rows, take_in
from tests.integration.commission.plans import rule

BEFORE_ANY = datetime(1999, 12, 31, tzinfo=UTC)
WAITING = "select predecessor from waiting_facts order by id"
FOR_RESELLERS = """jsonb_set(body, '{versions,0,assigned_to}', '{"types": ["reseller"]}')"""


async def test_close_when_no_version_is_in_force_then_it_waits_and_says_so(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00, at=BEFORE_ANY))

    (waits,) = (await operator.get("/v1/waiting")).json()["items"]

    assert (waits["reason"], waits["waits_for"]) == ("no_plan", "no_plan:1999-12-31:1")
    assert waits["message"] == "No version of the plan is in force for it on 1999-12-31 yet; it goes on by itself when one is recorded."


async def test_close_when_a_version_is_recorded_that_is_not_for_it_then_it_is_tried_once_and_waits_for_the_next(
    commission: Service,
) -> None:
    await take_in(commission, closed(1, 100_00, at=BEFORE_ANY))
    await rule(commission)

    await commission.worker.timers.run_due()
    assert await rows(commission, WAITING) == [("no_plan:1999-12-31:2",)]

    await commission.worker.timers.run_due()
    assert await rows(commission, WAITING) == [("no_plan:1999-12-31:2",)]


async def test_close_when_its_version_is_recorded_later_that_day_then_it_accrues_by_itself_with_its_refund_behind_it(
    commission: Service,
) -> None:
    async with commission.platform.worker_database.transaction() as uow:
        for table in ("policies", "journal"):
            await uow.fetch(f"update {table} set body = {FOR_RESELLERS}")
    await take_in(commission, closed(1, 100_00), refunded(1, 50_00))
    assert await rows(commission, "select 1 from entries") == []
    await rule(commission)

    await commission.worker.timers.run_due()

    assert await rows(commission, "select kind, amount_minor from entries order by seq") == [("accrual", 10_00), ("reversal", -5_00)]
    assert await rows(commission, WAITING) == []
    async with commission.platform.worker_database.transaction() as uow:
        assert (await audit(uow)).ok
