"""A partnership ends, or the offer timer runs, while its partner acts: nothing outlives the partnership, and nobody waits in a ring."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest

from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.store import accounts, waiting
from services.registration.use_cases.hear_of_partner import hear_of_partner, partner_name
from shared.chassis.database import UnitOfWork
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.world import ACME, World

DAY = timedelta(days=1)
Request = Coroutine[Any, Any, httpx2.Response]


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    return world


async def started(world: World, request: Request) -> "asyncio.Task[httpx2.Response]":
    """The request, as far as it gets: it waits for a lock, or is done."""
    task = asyncio.create_task(request)

    async def as_far() -> bool:
        return task.done() or bool(await world.rows("select 1 from pg_locks where not granted"))

    await eventually(as_far, what="the request is done or waits for a lock")
    return task


async def beside_its_end(world: World, request: Callable[[], Request], standing: Standing = Standing.TERMINATED) -> httpx2.Response:
    """The rival's request, begun once all that its partnership leaves has been ended, and before that is committed."""
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.lock(partner_name(world.rival_id))  # as the consumer does
        await hear(uow, world, standing)
        task = await started(world, request())
    return await task


async def hear(uow: UnitOfWork, world: World, standing: Standing) -> None:
    await hear_of_partner(uow, PartnerId(world.rival_id), standing=standing, kind=None, sequence=2, policy=Policy())


@asynccontextmanager
async def ending(world: World, request: Callable[[], Request]) -> AsyncIterator["asyncio.Task[httpx2.Response]"]:
    """The rival's request, begun while its places in the quotas are held by what ends its partnership, which then goes on."""
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.lock(partner_name(world.rival_id))
        await uow.fetch("select 1 from registration_quotas where partner_id = $1 for update", world.rival_id)
        task = await started(world, request())
        assert await world.rows("select locktype from pg_locks where not granted") == [("advisory",)], "it holds nothing yet"
        await hear(uow, world, Standing.TERMINATED)
    yield task


async def test_draft_when_its_partnership_ends_at_that_moment_then_none_is_left(world: World) -> None:
    answer = await beside_its_end(world, lambda: world.rival.post("/v1/drafts", json={"account_name": "Acme"}))
    assert (answer.status_code, answer.json()["code"]) == (403, "partner_inactive")
    assert await world.rows("select 1 from drafts") == []


async def test_draft_when_its_partner_is_suspended_at_that_moment_then_kept_as_the_others(world: World) -> None:
    answer = await beside_its_end(world, lambda: world.rival.post("/v1/drafts", json={"account_name": "Acme"}), Standing.SUSPENDED)
    assert answer.status_code == 201, answer.text


async def test_draft_when_its_partnership_is_over_then_refused(world: World) -> None:
    await world.heard(world.rival_id, Standing.TERMINATED, sequence=2)
    answer = await world.rival.post("/v1/drafts", json={"account_name": "Acme"})
    assert (answer.status_code, answer.json()["code"]) == (403, "partner_inactive")


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.TERMINATED])
async def test_line_when_a_partner_joins_it_while_it_may_work_no_more_then_it_does_not_stand_there(
    world: World, standing: Standing
) -> None:
    await world.registered()
    answer = await beside_its_end(world, lambda: world.register(world.rival, wait=True), standing)
    assert (answer.status_code, answer.json()["code"]) == (403, "partner_inactive")
    assert await world.rows("select 1 from waiting_list where state = 'waiting'") == []


async def test_draft_when_submitted_while_its_partnership_ends_then_neither_is_killed(world: World) -> None:
    draft = (await world.rival.post("/v1/drafts", json=ACME)).json()
    async with ending(world, lambda: world.rival.post(f"/v1/drafts/{draft['id']}/submit")) as submitting:
        assert (await submitting).status_code == 404
    assert await world.rows("select 1 from drafts") == []


async def test_lead_when_converted_while_its_partnership_ends_then_neither_is_killed(world: World) -> None:
    asked = {"account_name": "Acme", "country": "DE", "families": ["GTX"], "partner_id": str(world.rival_id)}
    lead = (await world.staff.post("/v1/leads", json=asked)).json()
    assert (await world.rival.post(f"/v1/leads/{lead['id']}/accept")).status_code == 200
    async with ending(world, lambda: world.rival.post(f"/v1/leads/{lead['id']}/convert", json={})) as converting:
        assert (await converting).json()["code"] == "lead_not_accepted"
    assert await world.rows("select 1 from deals") == []


async def offered(world: World) -> str:
    """The rival's place in line, whose account is kept for it; somebody else waits behind it."""
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    assert (await world.register(wait=True)).json()["code"] == "account_taken"
    [place] = (await world.rival.get("/v1/waiting")).json()["items"]
    assert place["state"] == "offered"
    return str(place["id"])


async def test_offer_when_accepted_while_the_partnership_ends_then_neither_is_killed(world: World) -> None:
    place = await offered(world)
    async with ending(world, lambda: world.rival.post(f"/v1/waiting/{place}/accept")) as accepting:
        assert (await accepting).json()["code"] == "not_offered"
    assert (await world.told("account.waiting_ended"))[0]["reason"] == "partnership_ended"


def opportunity(world: World, number: int, **changed: Any) -> dict[str, Any]:
    """Of the rival, in its sales system."""
    engaged = (world.stage.clock.now() - DAY).isoformat()
    told = {"source": "crm", "external_id": f"O{number}", "partner_id": str(world.rival_id), "account_name": "Acme Holding"}
    return told | {"country": "DE", "families": ["GTX"], "engaged_at": engaged, "stage": "open"} | changed


async def imported(world: World, row: dict[str, Any]) -> httpx2.Response:
    return await world.staff.post("/v1/imports?exclusivity=enforce", content=orjson.dumps(row))


async def put(world: World, row: dict[str, Any]) -> httpx2.Response:
    await world.policy(opportunity_exclusivity="enforce")
    return await world.staff.put(f"/v1/opportunities/{row.pop('source')}/{row.pop('external_id')}", json=row)


async def corrected(world: World, row: dict[str, Any]) -> httpx2.Response:
    """The row was refused, since its company had no name."""
    return await world.staff.post(f"/v1/intake/crm/errors/{await _error(world, row)}/correct", json={"account_name": row["account_name"]})


async def corrected_in_bulk(world: World, row: dict[str, Any]) -> httpx2.Response:
    line = {"error_id": await _error(world, row), "patch": {"account_name": row["account_name"]}}
    return await world.staff.post("/v1/intake/crm/errors/correct", content=orjson.dumps(line))


async def _error(world: World, row: dict[str, Any]) -> str:
    await world.imported(row | {"account_name": ""}, exclusivity="enforce")
    found = (await world.staff.get("/v1/intake/crm/errors")).json()["items"]
    return str(found[0]["id"])


WAYS_IN = pytest.mark.parametrize("way", [imported, put, corrected, corrected_in_bulk], ids=lambda way: way.__name__)


@WAYS_IN
async def test_intake_when_the_partnership_ends_at_that_moment_then_nothing_of_it_outlives_it(
    world: World, way: Callable[[World, dict[str, Any]], Request]
) -> None:
    answer = await beside_its_end(world, lambda: way(world, opportunity(world, 1)))
    assert "partner_inactive" in answer.text, answer.text
    assert await world.rows("select 1 from deals") == []


@WAYS_IN
async def test_intake_when_the_partnership_is_ending_then_it_waits_with_nothing_in_its_hands(
    world: World, way: Callable[[World, dict[str, Any]], Request]
) -> None:
    """Else each could wait for the other: for a deal that the one changes, and for the places that the other takes."""
    async with ending(world, lambda: way(world, opportunity(world, 1))) as taking_in:
        assert "partner_inactive" in (await taking_in).text
    assert await world.rows("select 1 from deals") == []


async def test_offer_when_accepted_while_the_timer_takes_it_back_then_neither_is_killed(world: World) -> None:
    """Accounts are locked before the places in their lines, by whoever it is."""
    place = await offered(world)
    world.stage.clock.advance(2 * DAY)
    [timer] = [timer for timer in world.service.timers if timer.name == "offer free accounts"]
    database = world.service.platform.worker_database

    async def lapse() -> int:
        async with database.transaction() as uow:
            return await timer.run(uow)

    async with database.transaction() as uow:  # one who accepts, step by step
        account_id, _ = await waiting.where(uow, place)
        await accounts.lock(uow, [account_id])
        lapsing = asyncio.create_task(lapse())
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="the timer waits for the account")
        assert (await waiting.locked(uow, place)).place == "offered"
    assert await lapsing == 1, "the account was looked at"
    assert sorted(await world.rows("select state from waiting_list")) == [("lapsed",), ("offered",)], "and it went to the next"


async def test_offer_when_its_partner_is_suspended_while_it_is_made_then_nothing_is_kept_for_it(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    [timer] = [timer for timer in world.service.timers if timer.name == "offer free accounts"]
    async with world.service.platform.worker_database.transaction() as uow:
        assert await timer.run(uow) == 1
        suspending = asyncio.create_task(world.heard(world.rival_id, Standing.SUSPENDED, sequence=2))
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="the suspension waits for the place")
    await suspending
    assert (await world.registered())["protected"]
