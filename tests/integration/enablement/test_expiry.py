"""Certificates end by themselves: on time, once, dated when they ended."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.chassis.testing import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.enablement.world import World

PASSED = datetime(2026, 1, 31, 9, tzinfo=UTC)
END = datetime(2027, 1, 31, 9, tzinfo=UTC)


@pytest.fixture
async def world(stage: Stage, clock: ManualClock) -> World:
    clock.set(PASSED)
    world = await World.open(stage)
    ada = uuid4()
    await world.learned("foundation", person=ada)
    await world.step("certificates", "foundation", person=ada)
    return world


async def expired(world: World) -> list[dict[str, object]]:
    await world.service.worker.timers.run_due()
    return [body for topic, _, body in await world.events() if topic == "certification.expired"]


async def test_timer_when_a_moment_before_the_end_then_nothing(world: World, clock: ManualClock) -> None:
    clock.set(END - timedelta(microseconds=1))
    assert await expired(world) == []


async def test_timer_when_late_then_expired_once_and_dated_at_the_end(world: World, clock: ManualClock) -> None:
    clock.set(END + timedelta(days=3))
    assert len(await expired(world)) == 1
    (event,) = await expired(world)
    assert (event["expired_at"], event["occurred_at"]) == ("2027-01-31T09:00:00Z", "2027-01-31T09:00:00Z")
    assert [sequence for topic, sequence, _ in await world.events() if topic == "certification.expired"] == ["2"]


@pytest.mark.parametrize(
    ("now", "validity"),
    [(END - timedelta(days=61), "valid"), (END - timedelta(days=60), "expiring"), (END, "expired")],
)
async def test_certificate_when_looked_at_then_shows_whether_it_holds(
    world: World, clock: ManualClock, now: datetime, validity: str
) -> None:
    clock.set(now)
    (paper,) = (await world.staff.get("/v1/certificates")).json()["items"]
    assert paper["validity"] == validity
