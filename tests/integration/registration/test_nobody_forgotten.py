"""Nobody in line is forgotten, however an account became free, and whatever the timer that looks at the line does at that moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from services.registration.domain.deals.line import AGAIN
from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.use_cases.hear_of_partner import hear_of_partner, partner_name
from shared.chassis.database import UnitOfWork
from shared.chassis.testing.stage import Stage
from tests.integration.registration.crowd import STRAY, Crowd, forgotten
from tests.integration.registration.freeing import DAY, HOUR, LIST, WAYS, Ways, look, looked, states
from tests.integration.registration.test_reviews import MANUAL
from tests.integration.registration.world import World

JOINS = """
insert into waiting_list (id, partner_id, account_id, account_name, families, territory, path, state, joined_at)
select id, $1, account_id, account_name, families, territory, path, 'waiting', $2 from deals"""


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(**LIST)
    return world


@pytest.mark.parametrize("way", WAYS)
async def test_place_when_its_account_was_freed_in_any_way_then_it_is_offered(world: World, way: str) -> None:
    deal = await world.registered()
    assert (await world.register(world.rival, wait=True)).status_code == 409
    await looked(world)
    await getattr(Ways(world, deal), way)()
    await looked(world)
    assert await states(world.rival) == ["offered"]


async def test_place_when_a_review_is_rejected_then_it_is_offered(world: World) -> None:
    await world.policy(**MANUAL)
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await looked(world)
    assert (await world.staff.post(f"/v1/approvals/{deal['id']}/reject", json={"reason": "x"})).status_code == 200
    await looked(world)
    assert await states(world.rival) == ["offered"]


async def test_place_when_the_deal_is_given_to_who_waits_then_it_is_over(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await looked(world)
    await world.rows("update deals set partner_id = $2 where id = $1 returning 1", deal["id"], world.rival_id)
    await looked(world)
    assert await states(world.rival) == ["left"]


async def test_place_when_the_first_of_two_holders_ends_by_itself_then_it_is_looked_at_then(world: World) -> None:
    """The other is its own partner's, which has the account alone from then on."""
    await world.registered()
    world.stage.clock.advance(5 * DAY)
    await world.registered(world.rival, families=["MG"])
    await world.register(world.rival, families=["GTX", "MG"], wait=True)
    await looked(world)
    world.stage.clock.advance(25 * DAY)
    await looked(world)
    assert await states(world.rival) == ["left"]


async def test_place_when_no_list_is_kept_for_a_while_then_it_is_offered_once_one_is(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.policy(waiting_list={"open": False, "offer_hours": 48})
    await looked(world)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await looked(world)
    assert await states(world.rival) == ["waiting"]
    await world.policy(**LIST)
    await looked(world)
    assert await states(world.rival) == ["offered"]


async def test_place_when_its_partner_registers_while_no_list_is_kept_then_it_ends_within_the_hour(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.policy(waiting_list={"open": False, "offer_hours": 48})
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await looked(world)
    await world.registered(world.rival)
    world.stage.clock.advance(AGAIN)
    await looked(world)
    assert await states(world.rival) == ["left"]


async def test_place_when_its_account_is_free_for_less_than_an_offer_lasts_then_it_is_offered_once_the_programme_lets_it(
    world: World,
) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    soon = world.stage.clock.now() + 10 * HOUR
    await world.rows("update protection_slots set during = tstzrange($2, upper(during)) where deal_id = $1 returning 1", deal["id"], soon)
    await looked(world)
    assert await states(world.rival) == ["waiting"]
    await world.policy(waiting_list={"open": True, "offer_hours": 8})
    world.stage.clock.advance(AGAIN)
    await looked(world)
    assert await states(world.rival) == ["offered"]


@asynccontextmanager
async def ended(world: World, partner_id: UUID) -> AsyncIterator[UnitOfWork]:
    """The partnership ends, and is not committed yet. It holds no account."""
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.lock(partner_name(partner_id))
        who = PartnerId(partner_id)
        await hear_of_partner(uow, who, standing=Standing.TERMINATED, kind=None, sequence=2, policy=Policy())
        await uow.flush()
        yield uow


async def test_place_when_it_is_looked_at_before_what_frees_it_is_committed_then_it_is_looked_at_again(world: World) -> None:
    await world.registered()
    await world.register(world.rival, wait=True)
    async with ended(world, world.partner_id):
        await looked(world)
    assert await states(world.rival) == ["waiting"]
    await looked(world)
    assert await states(world.rival) == ["offered"]


async def test_place_when_it_is_entered_while_the_account_is_freed_and_looked_at_then_it_is_looked_at_too(world: World) -> None:
    """It joined behind what it saw held; the mark of its end is gone before the place is there for others."""
    await world.registered()
    await world.register(world.rival, wait=True)
    async with world.service.platform.worker_database.transaction() as uow:  # as if it had joined just now
        await uow.fetch("delete from waiting_list")
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.fetch(JOINS, world.rival_id, uow.now)
        async with ended(world, world.partner_id):
            pass
        await looked(world)
        assert await world.rows("select 1 from freed_accounts") == []
    await looked(world)
    assert await states(world.rival) == ["offered"]


async def test_marks_when_the_timer_dies_with_them_then_another_takes_them(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await looked(world)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    with pytest.raises(DBAPIError):
        await _die_looking(world)
    await looked(world)
    assert await states(world.rival) == ["offered"]


async def _die_looking(world: World) -> None:
    [timer] = [timer for timer in world.service.timers if timer.name == "offer free accounts"]
    async with world.service.platform.worker_database.transaction() as uow:
        assert await timer.run(uow) == 1
        await uow.flush()
        assert await look(world) == 0, "another leader leaves it alone"
        await world.killed((await uow.fetch("select pg_backend_pid()"))[0][0])


@pytest.mark.parametrize("seed", range(6))
async def test_line_when_anything_happens_in_any_order_then_nobody_who_could_go_on_is_left_standing(world: World, seed: int) -> None:
    crowd = Crowd(world, seed)
    await crowd.gather()
    for _ in range(25):
        await crowd.act()
        await looked(world)
        assert await forgotten(world) == [], f"seed {seed}"
    assert await world.rows(STRAY) == []
    await world.policy(**LIST)
    for _ in range(4):
        world.stage.clock.advance(10 * DAY)
        await looked(world)
        assert await forgotten(world) == [], f"seed {seed}"
    assert await world.rows("select 1 from freed_accounts") == []
