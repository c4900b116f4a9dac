"""The waiting list: who came second waits, is offered the account when it is free, and learns nothing else."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    return world


async def places(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/waiting")).json()["items"]
    return found


async def third(world: World) -> httpx2.AsyncClient:
    who = uuid4()
    await world.heard(who)
    return world.stage.client(world.service, role="partner", partner_id=who)


async def test_wait_when_the_account_is_taken_then_in_line_once_and_the_answer_is_the_same(world: World) -> None:
    await world.registered()
    without = await world.register(world.rival)
    answers = [await world.register(world.rival, wait=True) for _ in range(2)]
    assert [answer.json() for answer in answers] == [without.json()] * 2
    [place] = await places(world.rival)
    assert (place["state"], place["offered_until"]) == ("waiting", None)
    assert str(world.partner_id) not in str(place)
    assert await places(world.partner) == []


async def test_wait_when_the_programme_keeps_no_list_then_just_refused(world: World) -> None:
    await world.policy(waiting_list={"open": False})
    await world.registered()
    assert (await world.register(world.rival, wait=True)).json()["code"] == "account_taken"
    assert await places(world.rival) == []


async def test_offer_when_protection_ends_then_kept_for_the_next_in_line_alone(world: World) -> None:
    await world.registered()
    await world.register(world.rival, wait=True)
    late = await third(world)
    world.stage.clock.advance(DAY)
    await world.register(late, wait=True)
    await world.due(after=29 * DAY)
    [offered] = await world.told("account.offered")
    assert offered["partner_id"] == str(world.rival_id)
    assert (await world.register(late)).json()["code"] == "account_taken"
    assert (await world.register()).json()["code"] == "account_taken"
    [place] = await places(world.rival)
    deal = await world.rival.post(f"/v1/waiting/{place['id']}/accept")
    assert (deal.status_code, deal.json()["protected"]) == (201, True)
    assert [each["state"] for each in await places(world.rival)] == ["taken"]
    assert [each["state"] for each in await places(late)] == ["waiting"]


async def test_offer_when_not_taken_in_time_then_it_goes_to_the_next(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    late = await third(world)
    world.stage.clock.advance(DAY)
    await world.register(late, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    await world.due(after=2 * DAY)
    assert [each["state"] for each in await places(world.rival)] == ["lapsed"]
    assert [each["state"] for each in await places(late)] == ["offered"]
    [place] = await places(world.rival)
    answer = await world.rival.post(f"/v1/waiting/{place['id']}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_offered")


async def test_offer_when_given_up_then_the_next_gets_it_at_once(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    late = await third(world)
    await world.register(late, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    [place] = await places(world.rival)
    left = await world.rival.post(f"/v1/waiting/{place['id']}/leave")
    assert left.json()["state"] == "left"
    await world.due()
    assert [each["state"] for each in await places(late)] == ["offered"]
    assert (await world.rival.post(f"/v1/waiting/{place['id']}/leave")).json()["code"] == "not_offered"


async def test_line_when_two_wait_for_different_products_then_both_are_offered(world: World) -> None:
    deal = await world.registered(families=["GTX", "MG"])
    await world.register(world.rival, families=["GTX"], wait=True)
    late = await third(world)
    await world.register(late, families=["MG"], wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    assert len(await world.told("account.offered")) == 2


async def test_offer_when_a_partner_ends_then_what_was_kept_for_it_is_free(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    await world.heard(world.rival_id, Standing.TERMINATED, sequence=2)
    assert (await world.registered())["protected"]


async def test_place_when_its_partner_is_suspended_then_it_waits_no_more(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.heard(world.rival_id, Standing.SUSPENDED, sequence=2)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    assert [place["state"] for place in await places(world.rival)] == ["left"]
    assert await world.told("account.offered") == []


async def test_place_when_another_partner_reaches_for_it_then_not_found(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    [place] = await places(world.rival)
    for verb in ("accept", "leave"):
        assert (await world.partner.post(f"/v1/waiting/{place['id']}/{verb}")).status_code == 404


async def test_offer_when_taken_twice_at_once_then_one_deal(world: World) -> None:
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    [place] = await places(world.rival)
    answers = await asyncio.gather(*[world.rival.post(f"/v1/waiting/{place['id']}/accept") for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
