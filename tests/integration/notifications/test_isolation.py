"""Receivers that hang, and processes that die: neither delays or loses what others are owed."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import orjson
from aiohttp import web

from shared.chassis.testing import ManualClock, eventually
from tests.integration.notifications.receivers import Receiver, Receivers
from tests.integration.notifications.world import ALBA, BORA, World

ROOT = Path(__file__).parents[3]


async def test_receiver_when_hanging_then_the_one_beside_it_gets_everything(world: World, receivers: Receivers) -> None:
    stuck, healthy = await receivers.start(hang=asyncio.Event()), await receivers.start()
    await world.endpoint(stuck.url, partner_id=ALBA)
    endpoint = await world.endpoint(healthy.url, partner_id=BORA)
    await world.sender(sends_each=4)
    await world.tell(*(world.withdrawn(partner) for _ in range(60) for partner in (ALBA, BORA)))
    delivered = await world.settled(endpoint, "delivered")
    assert len(delivered) == 60
    assert len({post.id for post in healthy.posts}) == 60
    assert len(stuck.posts) == stuck.most_at_once == 4
    assert healthy.most_at_once <= 4
    _let_go(stuck)


async def test_receivers_when_many_hang_then_they_leave_the_fast_lane(world: World, receivers: Receivers) -> None:
    stuck = [await receivers.start(hang=asyncio.Event()) for _ in range(3)]
    for receiver in stuck:
        await world.endpoint(receiver.url, partner_id=ALBA)
    await world.sender(sends_fast=12, sends_slow=2, sends_each=4, slow_after_s=0.2)
    await world.tell(*(world.withdrawn(ALBA) for _ in range(20)))
    await eventually(lambda: _all_at_once(stuck, 4))
    healthy = await receivers.start()
    endpoint = await world.endpoint(healthy.url, partner_id=BORA)
    await world.tell(*(world.withdrawn(BORA) for _ in range(20)))
    await world.settled(endpoint, "delivered")
    assert len({post.id for post in healthy.posts}) == 20
    for receiver in stuck:
        _let_go(receiver)


async def test_two_senders_when_both_run_then_each_delivery_is_sent_once(world: World, receivers: Receivers) -> None:
    receiver = await receivers.start()
    endpoint = await world.endpoint(receiver.url, partner_id=ALBA)
    await world.sender()
    await world.sender()
    for _ in range(5):
        await world.tell(*(world.withdrawn() for _ in range(9)))
    await world.settled(endpoint, "delivered")
    assert len(receiver.posts) == len({post.id for post in receiver.posts}) == 45


async def test_receiver_when_failing_then_it_is_tried_one_at_a_time(world: World, receivers: Receivers, clock: ManualClock) -> None:
    receiver = await receivers.start(standing=lambda: web.Response(status=500))
    endpoint = await world.endpoint(receiver.url, partner_id=ALBA)
    await world.sender()
    await world.tell(world.withdrawn())
    await world.settled(endpoint, "pending")
    assert (await (await world.client(ALBA)).get(f"/v1/endpoints/{endpoint['endpoint']['id']}")).json()["failing_since"]
    receiver.most_at_once = 0
    await world.tell(*(world.withdrawn() for _ in range(12)))
    await world.settled(endpoint, "pending")
    assert receiver.most_at_once == 1
    receiver.standing = lambda: web.Response(status=200)
    clock.advance(timedelta(seconds=10))
    await world.settled(endpoint, "delivered")
    assert (await (await world.client(ALBA)).get(f"/v1/endpoints/{endpoint['endpoint']['id']}")).json()["failing_since"] is None


async def test_sender_when_killed_between_send_and_mark_then_the_same_webhook_id_comes_again(
    world: World, receivers: Receivers, clock: ManualClock
) -> None:
    receiver = await receivers.start()
    endpoint = await world.endpoint(receiver.url, partner_id=ALBA)
    (event_id,) = await world.tell(world.withdrawn())
    died = await _sender_process(world, fail_points="webhook.sent:1")
    assert died == -signal.SIGKILL
    assert [post.id for post in receiver.posts] == [event_id]
    clock.advance(timedelta(seconds=29))
    await world.sender()
    await asyncio.sleep(0.3)
    assert len(receiver.posts) == 1, "the lease of the dead sender still holds"
    clock.advance(timedelta(seconds=60))
    (delivery,) = await world.settled(endpoint, "delivered")
    assert [post.id for post in receiver.posts] == [event_id, event_id]
    assert [line["attempt"] for line in await world.attempts(delivery)] == [2]


async def test_sender_when_stopped_then_what_is_under_way_is_written_down(world: World, receivers: Receivers) -> None:
    gate = asyncio.Event()
    receiver = await receivers.start(hang=gate)
    endpoint = await world.endpoint(receiver.url, partner_id=ALBA)
    service = await world.sender()
    await world.tell(world.withdrawn())
    await eventually(receiver.heard)
    stopping = asyncio.create_task(service.extras[0].stop())
    gate.set()
    await stopping
    assert [each["state"] for each in await world.deliveries(endpoint)] == ["delivered"]


async def _sender_process(world: World, **changed: str) -> int | None:
    settings = await world.stage.settings_for("notifications", kafka=False, **(world.settings | changed))
    dumped = settings.model_dump(mode="json") | {"secret_keys": settings.secret_keys.get_secret_value()}  # type: ignore[attr-defined]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.notifications.sender_process",
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SENDER_SETTINGS": orjson.dumps(dumped).decode()},
    )
    async with asyncio.timeout(30):
        return await process.wait()


async def _all_at_once(stuck: list[Receiver], count: int) -> bool:
    return all(receiver.at_once == count for receiver in stuck)


def _let_go(receiver: Receiver) -> None:
    assert receiver.hang is not None
    receiver.hang.set()
