"""Edges of time through the API: leap days, windows to the microsecond, and days on which the clocks change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.test_leads import act, shared
from tests.integration.registration.world import World

TICK = timedelta(microseconds=1)


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


async def is_held_until(world: World, end: datetime) -> None:
    """A rival is refused in the last microsecond before `end`, and accepted at it (and withdraws, so that nothing is left of it)."""
    world.stage.clock.set(end - TICK)
    assert (await world.register(world.rival)).json()["code"] == "account_taken"
    world.stage.clock.set(end)
    accepted = await world.registered(world.rival)
    assert at(accepted["protected_from"]) == end


LEAPS = [
    ("2028-01-30T09:00:00Z", 30, "2028-02-29T09:00:00Z", 30, "2028-03-30T09:00:00Z"),
    ("2028-02-29T23:59:59.999999Z", 365, "2029-02-28T23:59:59.999999Z", 365, "2030-02-28T23:59:59.999999Z"),
    ("2027-02-28T12:00:00Z", 366, "2028-02-29T12:00:00Z", 366, "2029-03-01T12:00:00Z"),
    ("2099-12-31T00:00:00Z", 60, "2100-03-01T00:00:00Z", 30, "2100-03-31T00:00:00Z"),
]


@pytest.mark.parametrize(("start", "days", "end", "more", "extended"), LEAPS)
@pytest.mark.parametrize("extends", [False, True])
async def test_window_when_a_leap_day_lies_in_it_then_it_is_whole_days_of_24_hours(
    world: World, start: str, days: int, end: str, more: int, extended: str, extends: bool
) -> None:
    await world.policy(protection_days=days, extension={"days": more})
    world.stage.clock.set(at(start))
    deal = await world.registered()
    assert (deal["protected_from"], deal["protected_until"]) == (start, end)
    if extends:
        world.stage.clock.set(at(end) - TICK)
        assert (await world.done(deal, "extend"))["protected_until"] == extended
    await is_held_until(world, at(extended if extends else end))


async def _claimed(world: World, until: str) -> None:
    row = {"kind": "named_account", "source": "crm", "external_id": "N1", "account_name": "Acme Holding", "country": "DE"}
    answer = await world.staff.post("/v1/vendor-claims", content=orjson.dumps(row | {"valid_until": until}))
    assert answer.status_code == 200, answer.text
    assert orjson.loads(answer.content)["code"] is None, answer.text


@pytest.mark.parametrize("until", ["2028-02-29T00:00:00Z", "2029-02-28T00:00:00Z", "2028-03-01T05:30:00.000001+05:30"])
async def test_claim_when_it_ends_on_a_leap_day_or_a_year_later_then_to_the_microsecond(world: World, until: str) -> None:
    world.stage.clock.set(at("2028-01-01T00:00:00Z"))
    await _claimed(world, "2028-01-31T00:00:00Z")
    await _claimed(world, until)
    world.stage.clock.set(at(until) - TICK)
    assert (await world.register(account_domain=None)).json()["code"] == "existing_opportunity"
    world.stage.clock.set(at(until))
    assert (await world.register(account_domain=None)).status_code == 201


async def test_window_when_at_its_last_microsecond_then_extensible_and_at_its_end_over(world: World) -> None:
    world.stage.clock.set(at("2026-05-04T07:08:09.123456Z"))
    deals = [await world.registered(families=[family]) for family in ("A", "B")]
    end = at(deals[0]["protected_until"])
    assert deals[0]["protected_until"] == "2026-06-03T07:08:09.123456Z"
    world.stage.clock.set(end - TICK)
    last = (await world.partner.get(f"/v1/deals/{deals[0]['id']}")).json()
    assert (last["protected"], last["phase"]) == (True, "protected")
    assert (await world.done(deals[0], "request-extension", by=world.partner))["protected"]
    world.stage.clock.set(end)
    over = (await world.partner.get(f"/v1/deals/{deals[1]['id']}")).json()
    assert (over["protected"], over["state"]) == (False, "open")
    for verb, by in (("request-extension", world.partner), ("extend", world.staff)):
        assert (await world.step(deals[1], verb, by=by)).json()["code"] == "protection_over"


async def test_history_when_it_begins_where_another_ended_then_accepted_and_a_microsecond_before_refused(world: World) -> None:
    first, who = at("2026-01-05T10:00:00.000001Z"), {"partner_id": str(world.partner_id)}
    held = await world.registered(world.staff, **who, registered_at="2026-01-05T15:30:00.000001+05:30")
    assert (held["registered_at"], at(held["protected_until"])) == ("2026-01-05T10:00:00.000001Z", first + timedelta(days=30))
    rival = {"partner_id": str(world.rival_id)}
    for edge in (first + timedelta(days=30) - TICK, first - timedelta(days=30) + TICK):
        assert (await world.register(world.staff, **rival, registered_at=edge.isoformat())).json()["code"] == "account_taken"
    for edge in (first + timedelta(days=30), first - timedelta(days=30)):
        assert (await world.register(world.staff, **rival, registered_at=edge.isoformat())).status_code == 201


async def test_history_when_dated_now_then_accepted_and_a_microsecond_later_refused(world: World) -> None:
    now, own = world.stage.clock.now(), {"partner_id": str(world.partner_id)}
    assert (await world.register(world.staff, **own, registered_at=(now + TICK).isoformat())).json()["code"] == "registered_in_future"
    assert (await world.register(world.staff, **own, registered_at=now.isoformat())).status_code == 201


BERLIN: dict[str, Any] = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "01:00", "until": "04:00"}
BERLIN |= {"time_zone": "Europe/Berlin"}
# Of the three hours from one to four the clocks skip one in spring, and show one twice in autumn.
DAYS = [
    ("2026-03-29T00:00:00Z", 2, "2026-03-29T02:00:00Z"),
    ("2026-03-29T00:00:00Z", 3, "2026-03-30T00:00:00Z"),
    ("2026-10-24T23:00:00Z", 3, "2026-10-25T02:00:00Z"),
    ("2026-10-24T23:00:00Z", 4, "2026-10-25T03:00:00Z"),
    ("2026-10-24T23:00:00Z", 5, "2026-10-26T01:00:00Z"),
]


@pytest.mark.parametrize(("shared_at", "hours", "until"), DAYS)
async def test_lead_when_the_clocks_change_then_answered_within_hours_that_pass(
    world: World, shared_at: str, hours: int, until: str
) -> None:
    level = {"answer_within_hours": hours, "remind_after_hours": max(1, hours - 1)}
    await world.policy(business_hours=BERLIN, leads=level)
    world.stage.clock.set(at(shared_at))
    leads = [await shared(world) for _ in range(2)]
    assert {lead["answer_by"] for lead in leads} == {until}
    world.stage.clock.set(at(until) - TICK)
    await world.due()
    assert [topic for topic, _, _ in await world.events()][2:] == ["lead.reminded"] * 2
    assert (await act(world.partner, leads[0], "accept")).status_code == 200
    world.stage.clock.set(at(until))
    assert (await act(world.partner, leads[1], "accept")).json()["code"] == "lead_too_late"
    await world.due()
    assert (await world.told("lead.aged"))[0]["lead_id"] == leads[1]["id"]


@pytest.mark.parametrize(
    ("came_at", "until"), [("2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"), ("2026-10-24T23:00:00Z", "2026-10-25T02:00:00Z")]
)
async def test_review_when_the_clocks_change_then_rivals_are_kept_out_for_hours_that_pass(world: World, came_at: str, until: str) -> None:
    await world.policy(business_hours=BERLIN, approval={"mode": "manual"}, review_limit_days=1)
    world.stage.clock.set(at(came_at))
    deal = await world.registered()
    assert (deal["state"], deal["protected_until"]) == ("in_review", until)
    world.stage.clock.set(at(until) - TICK)
    assert (await world.register(world.rival)).json()["code"] == "account_taken"
    world.stage.clock.set(at(until))
    assert (await world.register(world.rival)).status_code == 201
