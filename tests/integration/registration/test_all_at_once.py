"""All of registration at once: partners, staff, sales systems and time do what they like, and the laws of the whole store hold."""

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.crowd import forgotten
from tests.integration.registration.freeing import HOUR, looked
from tests.integration.registration.lawbook import broken
from tests.integration.registration.multitude import Multitude
from tests.integration.registration.partner_lists import missing, strangers
from tests.integration.registration.world import World

ACTS = 50


@pytest.mark.parametrize("seed", range(8))
async def test_store_when_everything_is_done_at_once_then_its_laws_hold(stage: Stage, seed: int) -> None:
    world = await World.open(stage)
    crowd = Multitude(world, seed)
    await crowd.gather()
    for _ in range(ACTS):
        await crowd.act()
    assert crowd.faults == [], f"seed {seed}"
    world.stage.clock.advance(HOUR)
    await looked(world)
    assert await forgotten(world) == [], f"seed {seed}"
    assert await broken(world, ended=crowd.feed.ended) == {}, f"seed {seed}"
    for who, client in crowd.partners.items():
        assert (await strangers(world, who, client), await missing(world, who, client)) == ([], []), f"seed {seed}"
