"""The feed: one order for good, nothing skipped however late it commits, each viewer its own."""

import asyncio
from datetime import timedelta

import pytest

from services.notifications.domain.filters import wants
from services.notifications.domain.visibility import EVENT_TYPES
from services.notifications.store import feed
from shared.chassis.testing import ManualClock
from tests.integration.notifications.world import ALBA, BORA, World


async def test_feed_when_read_then_each_viewer_sees_its_own_events_in_order(world: World) -> None:
    ids = await world.tell(world.withdrawn(ALBA), world.withdrawn(BORA), world.closed(ALBA))
    found = {who: (await (await world.client(who)).get("/v1/feed")).json() for who in (ALBA, BORA, None)}
    assert [item["id"] for item in found[ALBA]["items"]] == [ids[0], ids[2]]
    assert [item["id"] for item in found[BORA]["items"]] == [ids[1], ids[2]]
    assert [item["id"] for item in found[None]["items"]] == ids
    assert [item["type"] for item in found[ALBA]["items"]] == ["deal.withdrawn", "deal.closed"]
    assert "partner_id" not in found[BORA]["items"][1]["data"]
    assert len(found[None]["items"][2]["data"]["credits"]) == 2


async def test_feed_when_read_in_portions_then_each_event_comes_once(world: World) -> None:
    ids = await world.tell(*(world.withdrawn(partner) for _ in range(7) for partner in (ALBA, BORA)))
    client, seen, cursor = await world.client(ALBA), [], None
    while True:
        page = (await client.get("/v1/feed", params={"limit": 3} | ({"next": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if not page["more"]:
            break
    assert seen == ids[::2]
    assert (await client.get("/v1/feed", params={"next": cursor})).json()["items"] == []
    (later,) = await world.tell(world.withdrawn(ALBA))
    assert [item["id"] for item in (await client.get("/v1/feed", params={"next": cursor})).json()["items"]] == [later]


async def test_feed_when_asked_for_the_latest_then_only_what_follows(world: World) -> None:
    await world.tell(world.withdrawn())
    client = await world.client()
    cursor = (await client.get("/v1/feed", params={"next": "latest"})).json()["next"]
    (later,) = await world.tell(world.withdrawn())
    assert [item["id"] for item in (await client.get("/v1/feed", params={"next": cursor})).json()["items"]] == [later]


async def test_feed_when_an_event_commits_late_then_no_reader_passes_it_by(world: World) -> None:
    client, database = await world.client(), (await world.service()).platform.worker_database
    held, go = asyncio.Event(), asyncio.Event()

    async def slow_writer() -> None:
        async with database.transaction() as uow:
            await feed.append(uow, [entry(world, "slow")])
            held.set()
            await go.wait()

    slow = asyncio.create_task(slow_writer())
    await held.wait()
    quick = asyncio.create_task(world.tell(world.withdrawn()))
    before = (await client.get("/v1/feed")).json()
    await asyncio.sleep(0.1)
    assert before["items"] == []
    assert not quick.done(), "a later position must not be visible before an earlier one"
    go.set()
    await slow
    (event_id,) = await quick
    after = (await client.get("/v1/feed", params={"next": before["next"]})).json()
    assert [item["id"] for item in after["items"]] == ["slow", event_id]


async def test_feed_when_writers_race_then_a_following_reader_sees_every_event_once_and_in_order(world: World) -> None:
    client, done, seen, cursor = await world.client(), asyncio.Event(), [], None

    async def follow() -> None:
        nonlocal cursor
        while True:
            last = done.is_set()
            page = (await client.get("/v1/feed", params={"limit": 7} | ({"next": cursor} if cursor else {}))).json()
            seen.extend(item["id"] for item in page["items"])
            cursor = page["next"]
            if last and not page["more"]:
                return

    reader = asyncio.create_task(follow())
    told = await asyncio.gather(*(world.tell(*(world.withdrawn() for _ in range(3))) for _ in range(20)))
    done.set()
    await reader
    assert len(seen) == 60
    assert set(seen) == {event_id for ids in told for event_id in ids}
    assert seen == [row[0] for row in await world.rows("select event_id from feed_entries where partner_id is null order by position")]


@pytest.mark.parametrize("patterns", [["deal.closed"], ["deal.*"], ["tier.changed", "partner.*"], ["*"]])
async def test_feed_and_endpoints_when_filtered_then_they_agree_with_the_rule(world: World, patterns: list[str]) -> None:
    endpoint = await world.endpoint("http://127.0.0.1:9999/", types=patterns)
    async with (await world.service()).platform.worker_database.transaction() as uow:
        await feed.append(uow, [entry(world, kind, event_type=kind) for kind in EVENT_TYPES])
    expected = {kind for kind in EVENT_TYPES if wants(patterns, kind)}
    read = (await (await world.client()).get("/v1/feed", params={"type": patterns, "limit": 250})).json()["items"]
    assert {item["type"] for item in read} == expected
    assert {delivery["type"] for delivery in await world.deliveries(endpoint)} == expected


async def test_feed_when_pruned_then_an_old_cursor_says_so(world: World, clock: ManualClock) -> None:
    client, service = await world.client(ALBA), await world.service()
    await world.endpoint("http://127.0.0.1:9999/", partner_id=ALBA)
    await world.tell(world.withdrawn())
    start = (await client.get("/v1/feed", params={"limit": 1})).json()["next"]
    await world.tell(world.withdrawn(), world.withdrawn())
    clock.advance(timedelta(days=31))
    (kept,) = await world.tell(world.withdrawn())
    await service.worker.timers.run_due()
    answer = await client.get("/v1/feed", params={"next": start})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_expired")
    assert [item["id"] for item in (await client.get("/v1/feed")).json()["items"]] == [kept]
    assert await world.rows("select count(*) from deliveries") == [(1,)]


@pytest.mark.parametrize("cursor", ["x", "99", "ZmVlZDE6OTk5"])
async def test_feed_when_the_cursor_is_foreign_then_refused(world: World, cursor: str) -> None:
    answer = await (await world.client()).get("/v1/feed", params={"next": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_unreadable")


async def test_feed_when_staff_ask_for_a_partner_then_they_see_what_it_sees(world: World) -> None:
    await world.tell(world.closed(ALBA, with_partner=BORA))
    staff, partner = await world.client(), await world.client(BORA)
    assert (await staff.get("/v1/feed", params={"partner_id": str(BORA)})).json() == (await partner.get("/v1/feed")).json()
    assert (await partner.get("/v1/feed", params={"partner_id": str(ALBA)})).json() == (await partner.get("/v1/feed")).json()


def entry(world: World, event_id: str, *, event_type: str = "deal.withdrawn") -> feed.NewEntry:
    return feed.NewEntry(event_id, event_type, None, '{"data": {}}', world.stage.clock.now(), None)
