"""Protection that is asked to go on, renewed, announced to end, and taken away in silence."""

import asyncio
from datetime import timedelta

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def test_request_when_in_time_then_protection_is_kept_until_the_decision(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(30 * DAY - TICK)
    asked = await world.done(deal, "request-extension", by=world.partner, evidence="a second meeting is set")
    await world.due(after=DAY)
    assert (await world.register(world.rival)).status_code == 409
    granted = await world.done(deal, "extend")
    assert (granted["extensions"], granted["phase"]) == (1, "extended")
    assert granted["protected_until"] > asked["protected_until"]
    [request] = (await world.partner.get("/v1/extensions")).json()["items"]
    assert (request["state"], request["evidence"]) == ("granted", "a second meeting is set")


async def test_request_when_nobody_decides_then_protection_ends_after_five_days(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(30 * DAY - TICK)
    await world.done(deal, "request-extension", by=world.partner)
    world.stage.clock.advance(5 * DAY - TICK)
    assert (await world.register(world.rival)).status_code == 409
    await world.due(after=TICK)
    assert (await world.registered(world.rival))["protected"]
    [request] = (await world.staff.get("/v1/extensions", params={"deal_id": deal["id"]})).json()["items"]
    assert request["state"] == "lapsed"


async def test_request_when_declined_then_protection_ends_and_the_reason_is_told(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(30 * DAY - TICK)
    await world.done(deal, "request-extension", by=world.partner)
    world.stage.clock.advance(DAY)
    declined = await world.done(deal, "decline-extension", reason="nothing has happened")
    assert not declined["protected"]
    assert (await world.registered(world.rival))["protected"]
    await world.due()
    assert [topic for topic, _, _ in await world.events()][-1] == "deal.expired"
    again = await world.step(deal, "decline-extension", reason="x")
    assert again.json()["code"] == "extension_not_asked"


async def test_request_when_one_waits_already_then_refused_also_at_once(world: World) -> None:
    deal = await world.registered()
    answers = await asyncio.gather(*[world.step(deal, "request-extension", by=world.partner) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers if answer.status_code == 409} == {"extension_pending"}


async def test_request_when_the_programme_wants_evidence_then_refused_without(world: World) -> None:
    await world.policy(extension={"evidence_required": True})
    deal = await world.registered()
    assert (await world.step(deal, "request-extension", by=world.partner)).json()["code"] == "evidence_missing"
    assert (await world.step(deal, "request-extension", by=world.partner, evidence="a call")).status_code == 200


async def test_request_when_the_deal_closes_then_it_is_over(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "request-extension", by=world.partner)
    await world.done(deal, "close", outcome="lost")
    [request] = (await world.partner.get("/v1/extensions", params={"state": "lapsed"})).json()["items"]
    assert request["deal_id"] == deal["id"]


async def test_stage_when_it_advances_then_renewed_where_the_programme_says_so(world: World) -> None:
    await world.policy(stages=["qualified", "proposal"], renew_on_stage_advance=True)
    deal = await world.registered()
    await world.done(deal, "stage", by=world.partner, stage="qualified")
    world.stage.clock.advance(20 * DAY)
    moved = await world.done(deal, "stage", by=world.partner, stage="proposal")
    assert moved["stage"] == "proposal"
    world.stage.clock.advance(30 * DAY - TICK)
    assert (await world.register(world.rival)).status_code == 409
    world.stage.clock.advance(TICK)
    assert (await world.register(world.rival)).status_code == 201
    assert (await world.step(deal, "stage", by=world.partner, stage="lunch")).json()["code"] == "stage_unknown"


async def test_end_when_near_then_announced_once_and_again_after_an_extension(world: World) -> None:
    deal = await world.registered()
    await world.due(after=22 * DAY)
    assert await world.told("deal.expiring") == []
    for _ in range(2):
        await world.due(after=DAY)
    [event] = await world.told("deal.expiring")
    assert (event["ends_at"], event["because"]) == (deal["protected_until"], "window")
    await world.done(deal, "extend")
    await world.due(after=29 * DAY)
    assert len(await world.told("deal.expiring")) == 2


async def test_silence_when_longer_than_allowed_then_announced_and_protection_taken_away(world: World) -> None:
    await world.policy(quiet={"after_days": 14})
    deal = await world.registered()
    await world.due(after=8 * DAY)
    [event] = await world.told("deal.expiring")
    assert event["because"] == "quiet"
    await world.done(deal, "stage", by=world.partner, stage="we met")
    await world.due(after=14 * DAY - TICK)
    assert await world.told("deal.expired") == []
    await world.due(after=TICK)
    [expired] = await world.told("deal.expired")
    assert expired["because"] == "quiet"
    assert (await world.registered(world.rival))["protected"]
