"""Who only reads registration's topics holds what registration holds: whatever was done, and in whatever order Kafka delivers it."""

import random
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.held import held, published
from tests.integration.registration.traffic import Traffic
from tests.integration.registration.world import World
from tests.support.reading.facts import as_delivered
from tests.support.reading.reader import Reader

ACTS = 60
DELIVERIES = 5


async def _lived(stage: Stage, seed: int) -> World:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48}, cool_off_days=0)
    traffic = Traffic(world, seed)
    await traffic.gather()
    reader, read = Reader(), 0
    for _ in range(ACTS):
        await traffic.act()
        facts = await published(world, after=read)
        reader.read(facts)
        read = facts[-1].place if facts else read
        _agree(reader.held(), await held(world))
    return world


def _agree(read: dict[str, Any], stored: dict[str, Any]) -> None:
    for name, wanted in stored.items():
        assert [
            _apart(read[name].get(each), wanted.get(each)) for each in {**read[name], **wanted} if read[name].get(each) != wanted.get(each)
        ] == []


def _apart(read: Any, stored: Any) -> object:
    """What is read and what is stored, where the two differ."""
    if not is_dataclass(read) or not is_dataclass(stored):
        return read, stored
    both = {each.name: (getattr(read, each.name), getattr(stored, each.name)) for each in fields(read)}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("seed", range(4))
async def test_reader_when_anything_was_done_at_once_then_it_holds_what_the_service_holds(stage: Stage, seed: int) -> None:
    world = await _lived(stage, seed)
    facts, stored, chance = await published(world), await held(world), random.Random(seed)
    for _ in range(DELIVERIES):
        _agree(Reader().read(as_delivered(facts, chance)).held(), stored)
