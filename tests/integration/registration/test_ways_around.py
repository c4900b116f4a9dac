"""Ways around a rule by another door: each door asks what the front door asks."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
KEPT: dict[str, Any] = {"source": "crm", "external_id": "1", "kind": "named_account", "account_name": "Acme Holding", "country": "DE"}
OTHER = {"account_name": "Beta Optik", "account_domain": "beta-optik.de"}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def keep(world: World, **changed: Any) -> None:
    answer = await world.staff.post("/v1/vendor-claims", content=orjson.dumps(KEPT | changed))
    assert answer.status_code == 200, answer.text


async def returned(world: World, **changed: Any) -> dict[str, Any]:
    """A registration that is the partner's to correct."""
    await world.policy(approval={"mode": "manual"})
    deal = await world.registered(**changed)
    answer = await world.staff.post(f"/v1/approvals/{deal['id']}/return", json={"asked": "Which products?"})
    assert answer.status_code == 200, answer.text
    return deal


async def test_limit_when_a_partner_loses_and_reopens_then_it_holds_and_staff_may(world: World) -> None:
    await world.policy(open_registrations_limit=1)
    first = await world.registered()
    await world.done(first, "close", by=world.partner, outcome="lost")
    await world.registered(**OTHER)
    refused = await world.step(first, "reopen", by=world.partner, reason="we try again")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_reached")
    assert (await world.done(first, "reopen", reason="the CRM says so"))["state"] == "open"


async def test_limit_when_there_is_room_then_a_partner_reopens(world: World) -> None:
    await world.policy(open_registrations_limit=1)
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    assert (await world.done(deal, "reopen", by=world.partner, reason="they called"))["protected"]
    assert [row[0] for row in await world.rows("select open_deals from registration_quotas where open_deals > 0")] == [1]


async def test_cool_off_when_a_deal_is_lost_to_begin_a_new_window_then_it_holds(world: World) -> None:
    await world.policy(cool_off_days=10)
    deal = await world.registered()
    world.stage.clock.advance(20 * DAY)
    await world.done(deal, "close", by=world.partner, outcome="lost")
    assert (await world.register()).json()["code"] == "cool_off"
    assert (await world.registered(world.rival))["protected"], "the account is free for others"


async def test_cool_off_when_a_deal_was_won_then_the_next_one_with_the_customer_may_begin(world: World) -> None:
    await world.policy(cool_off_days=10)
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="won", amount="100.00")
    assert (await world.registered())["protected"]


@pytest.mark.parametrize("families", [["MG"], ["GTX", "MG"]])
async def test_correction_when_it_reaches_for_what_the_vendor_keeps_then_refused(world: World, families: list[str]) -> None:
    await keep(world, families=["MG"])
    deal = await returned(world)
    refused = await world.step(deal, "resubmit", by=world.partner, answer="These.", families=families)
    assert (refused.status_code, refused.json()["code"]) == (409, "existing_opportunity")
    assert (await world.done(deal, "resubmit", by=world.partner, answer="As before."))["state"] == "in_review"


async def test_correction_when_it_reaches_for_what_cools_off_then_refused(world: World) -> None:
    await world.policy(cool_off_days=10)
    had = await world.registered(families=["MG"])
    await world.done(had, "withdraw", by=world.partner, reason="a mistake")
    deal = await returned(world)
    refused = await world.step(deal, "resubmit", by=world.partner, answer="Both.", families=["GTX", "MG"])
    assert refused.json()["code"] == "cool_off"


async def test_correction_when_it_goes_to_a_territory_of_others_then_refused(world: World) -> None:
    await world.policy(partner_territories={"kinds": {"channel": ["DE"]}, "on_breach": "refuse"})
    deal = await returned(world)
    refused = await world.step(deal, "resubmit", by=world.partner, answer="It is in Paris.", territory="FR")
    assert refused.json()["code"] == "territory_not_allowed"


async def test_offer_when_the_vendor_claimed_the_account_meanwhile_then_not_to_be_had(world: World) -> None:
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    await world.registered()
    await world.register(world.rival, wait=True)
    await world.due(after=30 * DAY)
    await keep(world)
    [place] = (await world.rival.get("/v1/waiting")).json()["items"]
    refused = await world.rival.post(f"/v1/waiting/{place['id']}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "existing_opportunity")


async def test_offer_when_it_follows_ones_own_protection_too_soon_then_not_to_be_had(world: World) -> None:
    """Two partners could else hand an account to and fro for ever."""
    await world.policy(waiting_list={"open": True, "offer_hours": 48}, cool_off_days=10)
    await world.registered()
    await world.register(world.rival, wait=True)
    await world.due(after=30 * DAY)
    await world.register(wait=True)
    await world.due(after=3 * DAY)
    [place] = (await world.partner.get("/v1/waiting")).json()["items"]
    assert place["state"] == "offered"
    assert (await world.partner.post(f"/v1/waiting/{place['id']}/accept")).json()["code"] == "cool_off"


# The cool-off counts from the end of exclusivity, whatever becomes of the deal afterwards


async def test_cool_off_when_protection_is_over_and_no_timer_came_by_then_it_holds(world: World) -> None:
    await world.policy(cool_off_days=10)
    await world.registered()
    world.stage.clock.advance(30 * DAY)
    assert (await world.register()).json()["code"] == "cool_off"
    world.stage.clock.advance(10 * DAY - TICK)
    assert (await world.register()).json()["code"] == "cool_off"
    world.stage.clock.advance(TICK)
    assert (await world.registered())["protected"]


@pytest.mark.parametrize("reopened", [False, True])
async def test_cool_off_when_a_deal_is_won_after_its_protection_then_it_does_not_begin_anew(world: World, reopened: bool) -> None:
    await world.policy(cool_off_days=10)
    deal = await world.registered()
    await world.due(after=30 * DAY)
    await world.due(after=9 * DAY)
    await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    if reopened:
        await world.done(deal, "reopen", reason="the order was cancelled")
        assert (await world.register()).json()["code"] == "cool_off", "protection ended nine days ago"
        world.stage.clock.advance(DAY)
    assert (await world.registered())["protected"], "a win is no such end, and protection ended ten days ago"


async def test_cool_off_when_a_win_is_undone_after_the_window_then_it_is_no_way_to_a_new_one(world: World) -> None:
    await world.policy(cool_off_days=10)
    deal = await world.registered()
    world.stage.clock.advance(29 * DAY)
    await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    world.stage.clock.advance(DAY)
    assert not (await world.done(deal, "reopen", by=world.partner, reason="they cancelled"))["protected"]
    assert (await world.register()).json()["code"] == "cool_off"
    world.stage.clock.advance(9 * DAY)
    assert (await world.registered())["protected"]


async def test_cool_off_when_an_extension_kept_protection_past_its_end_until_the_win_then_reopened_it_counts_from_the_end(
    world: World,
) -> None:
    await world.policy(cool_off_days=10)
    deal = await world.registered()
    world.stage.clock.advance(30 * DAY - TICK)
    await world.done(deal, "request-extension", by=world.partner)
    world.stage.clock.advance(2 * DAY)
    await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    await world.done(deal, "reopen", reason="the order was cancelled")
    assert (await world.register()).json()["code"] == "cool_off"
    world.stage.clock.advance(8 * DAY + TICK)
    assert (await world.registered())["protected"], "what was never decided is not part of it"


async def test_cool_off_when_an_old_registration_is_withdrawn_after_it_then_it_does_not_begin_anew(world: World) -> None:
    await world.policy(cool_off_days=10)
    deal = await world.registered()
    await world.due(after=30 * DAY)
    world.stage.clock.advance(20 * DAY)
    await world.done(deal, "withdraw", by=world.partner, reason="we start again")
    assert (await world.registered())["protected"]


async def test_cool_off_when_the_earlier_one_is_still_protected_elsewhere_then_it_is_no_end(world: World) -> None:
    await world.policy(cool_off_days=10)
    await world.registered(territory="DE")
    assert (await world.registered(territory="FR"))["protected"]
