"""Every way in which a place in line ends: its partner is told once, why, and nothing of who holds the account."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
ZEBRA = {"account_name": "Zebra Works", "account_domain": "zebra.com"}


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    return world


async def waits(world: World, **changed: Any) -> tuple[dict[str, Any], str]:
    """The partner's registration, and the id of its rival's place in the line behind it."""
    deal = await world.registered(**changed)
    before = {place["id"] for place in await places(world)}
    assert (await world.register(world.rival, **changed, wait=True)).json()["code"] == "account_taken"
    [place] = {place["id"] for place in await places(world)} - before
    return deal, place


async def places(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.rival.get("/v1/waiting")).json()["items"]
    return found


async def offered(world: World) -> str:
    deal, place = await waits(world)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    return place


async def _accepted(world: World) -> None:
    place = await offered(world)
    assert (await world.rival.post(f"/v1/waiting/{place}/accept")).status_code == 201


async def _lapsed(world: World) -> None:
    await offered(world)
    await world.due(after=2 * DAY)


async def _left(world: World) -> None:
    _, place = await waits(world)
    assert (await world.rival.post(f"/v1/waiting/{place}/leave")).status_code == 200


async def _left_when_offered(world: World) -> None:
    assert (await world.rival.post(f"/v1/waiting/{await offered(world)}/leave")).status_code == 200


async def _registered_otherwise(world: World) -> None:
    deal, _ = await waits(world)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.registered(world.rival)
    await world.due()


async def _merged(world: World) -> None:
    one, _ = await waits(world)
    world.stage.clock.advance(TICK)
    other, _ = await waits(world, **ZEBRA)
    await world.done(other, "withdraw", by=world.partner, reason="over")
    answer = await world.staff.post(f"/v1/accounts/{other['account_id']}/merge", json={"into": one["account_id"], "reason": "one company"})
    assert answer.status_code == 200, answer.text


async def _suspended(world: World) -> None:
    await waits(world)
    await world.heard(world.rival_id, Standing.SUSPENDED, sequence=2)


async def _terminated(world: World) -> None:
    await offered(world)
    await world.heard(world.rival_id, Standing.TERMINATED, sequence=2)


WAYS: list[tuple[Callable[[World], Awaitable[None]], str, str]] = [
    (_accepted, "taken", "accepted"),
    (_lapsed, "lapsed", "offer_lapsed"),
    (_left, "left", "left"),
    (_left_when_offered, "left", "left"),
    (_registered_otherwise, "left", "registered"),
    (_merged, "left", "account_merged"),
    (_suspended, "left", "partner_suspended"),
    (_terminated, "left", "partnership_ended"),
]


@pytest.mark.parametrize(("way", "state", "reason"), WAYS, ids=[way.__name__[1:] for way, *_ in WAYS])
async def test_place_when_it_ends_then_its_partner_is_told_once_and_nothing_of_the_holder(
    world: World, way: Callable[[World], Awaitable[None]], state: str, reason: str
) -> None:
    await way(world)
    await world.due()  # nothing is told again
    over = [place for place in await places(world) if place["state"] == state]
    told = await world.told("account.waiting_ended")
    assert [(each["waiting_id"], each["reason"]) for each in told] == [(place["id"], reason) for place in over]
    [event] = told
    assert event["partner_id"] == str(world.rival_id)
    assert str(world.partner_id) not in str(event)
    assert event.get("deal_id") == over[0]["deal_id"]
    kept = await world.rows(
        "select 1 from protection_slots where deal_id = $1 and upper(during) > $2", over[0]["id"], world.stage.clock.now()
    )
    assert kept == [], "what was kept for it is free"


async def test_place_when_two_become_one_then_it_is_named_which_goes_on(world: World) -> None:
    await _merged(world)
    [goes_on] = [place["id"] for place in await places(world) if place["state"] == "waiting"]
    [event] = await world.told("account.waiting_ended")
    assert event["continued_by"] == goes_on
    assert event["account_name"] == ZEBRA["account_name"], "the name that its partner gave, not the one on record"


async def test_place_when_offered_and_over_then_its_facts_are_counted(world: World) -> None:
    await _lapsed(world)
    counted = [(topic, sequence) for topic, sequence, _ in await world.events() if topic.startswith(("account.", "deal.dup"))]
    assert counted == [("deal.duplicate_refused", 1), ("account.offered", 2), ("account.waiting_ended", 3)]


async def test_place_when_its_partner_holds_a_part_of_it_alone_then_it_waits_on(world: World) -> None:
    """A rival holds the rest: what is waited for is not had."""
    await world.registered(families=["MG"])
    await world.registered(world.rival)
    assert (await world.register(world.rival, families=["GTX", "MG"], wait=True)).status_code == 409
    await world.due()
    assert [place["state"] for place in await places(world)] == ["waiting"]


async def test_offer_when_a_merge_takes_it_back_then_its_partner_is_told_and_waits_on(world: World) -> None:
    place = await offered(world)
    zebra = await world.registered(**ZEBRA)
    [(account,)] = await world.rows("select account_id from waiting_list")
    body = {"into": str(account), "reason": "one company", "keep": {"deal_ids": [zebra["id"]]}}
    answer = await world.staff.post(f"/v1/accounts/{zebra['account_id']}/merge", json=body)
    assert answer.status_code == 200, answer.text
    assert [(each["id"], each["state"]) for each in await places(world)] == [(place, "waiting")]
    [(_, sequence, event)] = [each for each in await world.events() if each[0] == "account.offer_withdrawn"]
    assert (sequence, event["waiting_id"], str(world.partner_id) in str(event)) == (3, place, False)
    assert await world.told("account.waiting_ended") == []


async def test_offer_when_another_wins_the_deal_that_held_the_account_then_the_place_is_not_over(world: World) -> None:
    deal, place = await waits(world)
    await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    await world.due()
    assert [(each["id"], each["state"]) for each in await places(world)] == [(place, "offered")]
    assert await world.told("account.waiting_ended") == []
