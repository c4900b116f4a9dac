"""A win after the end of protection is credited unless a rival has the account: an account that is only offered is nobody's yet."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    return world


async def offered_to_the_rival(world: World) -> dict[str, Any]:
    """The partner's deal, whose protection is over, and whose account is kept for its rival at this moment."""
    deal = await world.registered()
    await world.register(world.rival, wait=True)
    await world.due(after=30 * DAY)
    assert (await place(world))["state"] == "offered"
    return deal


async def place(world: World) -> dict[str, Any]:
    [one] = (await world.rival.get("/v1/waiting")).json()["items"]
    found: dict[str, Any] = one
    return found


@pytest.mark.parametrize("by", ["partner", "staff"])
async def test_win_when_the_account_is_only_offered_then_credited(world: World, by: str) -> None:
    deal = await offered_to_the_rival(world)
    client = world.partner if by == "partner" else world.staff
    won = await world.step(deal, "close", by=client, outcome="won", amount="10.00")
    assert (won.status_code, won.json().get("state")) == (200, "won"), won.text


async def test_win_when_the_offer_was_taken_then_not_credited_but_for_a_close_before_that(world: World) -> None:
    deal = await offered_to_the_rival(world)
    before = world.stage.clock.now()
    world.stage.clock.advance(DAY)
    assert (await world.rival.post(f"/v1/waiting/{(await place(world))['id']}/accept")).status_code == 201
    refused = await world.step(deal, "close", by=world.partner, outcome="won", amount="10.00")
    assert refused.json()["code"] == "credit_held_by_rival"
    assert (await world.done(deal, "close", outcome="won", amount="10.00", closed_at=before.isoformat()))["state"] == "won"


async def test_win_when_the_account_is_offered_to_the_winner_itself_then_credited(world: World) -> None:
    """It waited behind a rival that came after its own protection, whose own protection is over too."""
    deal = await world.registered()
    await world.due(after=30 * DAY)
    await world.registered(world.rival)
    await world.register(wait=True)
    await world.due(after=30 * DAY)
    assert [each["partner_id"] for each in await world.told("account.offered")] == [str(world.partner_id)]
    assert (await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00"))["state"] == "won"


def opportunity(world: World, *, engaged: datetime, **changed: Any) -> dict[str, Any]:
    row = {"source": "crm", "external_id": "O1", "partner_id": str(world.partner_id), "account_name": "Acme Holding", "country": "DE"}
    return row | {"account_domain": "acme.co.uk", "families": ["GTX"], "engaged_at": engaged.isoformat(), "stage": "open"} | changed


async def test_win_when_a_sales_system_tells_it_while_the_account_is_offered_then_credited(world: World) -> None:
    engaged = world.stage.clock.now()
    assert [row["result"] for row in await world.imported(opportunity(world, engaged=engaged), exclusivity="enforce")] == ["registered"]
    assert (await world.register(world.rival, wait=True)).status_code == 409
    await world.due(after=30 * DAY)
    assert (await place(world))["state"] == "offered"
    world.stage.clock.advance(DAY)
    won = opportunity(world, engaged=engaged, stage="won", amount="10.00", closed_at=world.stage.clock.now().isoformat())
    assert [row["result"] for row in await world.imported(won, exclusivity="enforce")] == ["won"]


async def test_import_when_the_account_was_only_offered_then_it_came_second_and_there_is_no_conflict_with_a_place_in_line(
    world: World,
) -> None:
    await offered_to_the_rival(world)
    late = opportunity(world, engaged=world.stage.clock.now(), account_domain="acme.co.uk")
    [row] = await world.imported(late)
    assert (row["result"], row.get("conflict")) == ("registered", False), row
    assert await world.told("conflict.opened") == []
    [deal] = (await world.staff.get("/v1/deals", params={"source": "crm"})).json()["items"]
    assert not deal["protected"], "it is kept for the next in line"
