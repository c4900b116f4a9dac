"""What registering reads of a store that grew since its statements were planned, before anybody has counted the rows."""

from itertools import count
from uuid import uuid4

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.filled import grow
from tests.integration.registration.test_full_stores import TIMES, Meter, connected
from tests.integration.registration.test_sets import burst, company, post
from tests.integration.registration.world import World

ROWS = 8_000


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(open_registrations_limit=10_000)
    return world


class Newcomers:
    """Customers nobody knows, registered alone, several at once, and by import."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = count(1_000)

    async def alone(self) -> None:
        answer = await post(self._world.partner, **company(next(self._numbers)))
        assert answer.status_code == 201, answer.text

    async def at_once(self) -> None:
        first = 10_000 * next(self._numbers)
        assert {answer.status_code for answer in await burst(self._world, 8, first=first)} == {201}

    async def imported(self) -> None:
        told = {"source": "crm", "partner_id": str(self._world.partner_id), "families": ["GTX"], "stage": "open", "country": "DE"}
        rows = [
            told | {"engaged_at": "2025-01-01T00:00:00Z", "external_id": uuid4().hex, **company(next(self._numbers))} for _ in range(50)
        ]
        assert {result["result"] for result in await self._world.imported(*rows)} == {"registered"}


@pytest.mark.parametrize("way", ["alone", "at_once", "imported"])
async def test_register_when_the_store_has_grown_since_its_plans_were_made_then_names_are_looked_up_one_by_one(
    world: World, way: str
) -> None:
    run = getattr(Newcomers(world), way)
    for _ in range(TIMES):
        await run()
    await grow(world, ROWS)
    connection = await connected(world)
    try:
        assert await Meter(world, connection).most(run, times=1) == {}
    finally:
        await connection.close()
