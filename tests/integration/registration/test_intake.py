"""One opportunity at a time: versions, gaps, a change of the partner, and our own changes coming back."""

import asyncio
from uuid import uuid4

import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.intake_world import DAY, START, gaps, news, put, queue, row, rule, topics, won
from tests.integration.registration.world import World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def test_put_when_repeated_then_the_same_deal_and_nothing_new(world: World) -> None:
    first, again = (await put(world, won(world)), await put(world, won(world)))
    assert (first.status_code, first.json()["result"], first.json()["registered"]) == (200, "won", True)
    assert (again.json()["result"], again.json()["deal_id"]) == ("unchanged", first.json()["deal_id"])
    assert await topics(world) == ["deal.registered", "deal.closed"]


async def test_put_when_the_rules_refuse_then_a_problem_with_the_fix_and_the_place_of_its_error(world: World) -> None:
    answer = await put(world, won(world, amount="about a thousand"))
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_invalid")
    assert answer.json()["detail"].endswith("Write amounts as digits with a point, such as 1054.00.")
    error = (await world.staff.get(f"/{answer.headers['location']}")).json()
    assert (error["external_id"], error["way"], error["row"]["amount"]) == ("O1", "put", "about a thousand")


async def test_put_when_a_rival_holds_the_account_then_it_is_told_once_and_not_by_whom(world: World) -> None:
    await rule(world, opportunity_exclusivity="enforce")
    rival = row(world, 2, account_name="Acme 1", partner_id=str(world.rival_id), engaged_at=START + DAY)
    await put(world, row(world))
    assert [(await put(world, rival)).json()["code"] for _ in range(3)] == ["account_taken"] * 3
    [(_, _, notice)] = [event for event in await world.events() if event[0] == "deal.duplicate_refused"]
    assert (notice["partner_id"], str(world.partner_id) in str(notice)) == (str(world.rival_id), False)
    assert [error["count"] for error in await queue(world)] == [3]


async def test_versions_when_inverted_and_repeated_then_the_newest_stands(world: World) -> None:
    one, two, three = row(world, source_version=1), won(world, source_version=2), row(world, source_version=3)
    assert await news(world, two, one, three, two, three) == [
        ("won", "fresh"),
        ("unchanged", "stale"),
        ("open", "fresh"),
        ("unchanged", "stale"),
        ("unchanged", "repeat"),
    ]


async def test_version_when_it_comes_with_another_content_then_in_the_error_queue(world: World) -> None:
    assert await news(world, row(world, source_version=1), won(world, source_version=1)) == [
        ("registered", "fresh"),
        ("refused", "opportunity_conflict"),
    ]
    assert [error["code"] for error in await queue(world)] == ["opportunity_conflict"]
    assert (await news(world, row(world, source_version=1)), len(await queue(world))) == ([("unchanged", "repeat")], 1)
    await news(world, won(world, source_version=2))
    assert await queue(world) == []


async def test_batch_when_it_holds_a_history_inverted_then_every_step_is_made(world: World) -> None:
    states = [won(world, source_version=4), row(world, source_version=3), won(world, source_version=2), row(world, source_version=1)]
    assert {result["news"] for result in await world.imported(*states)} == {"fresh"}
    sequences = [(topic.removeprefix("deal."), sequence) for topic, sequence, _ in await world.events()]
    assert sequences == [("registered", 1), ("closed", 2), ("reopened", 3), ("closed", 4)]


async def test_versions_when_many_are_put_at_once_then_the_newest_stands_and_one_deal_follows(world: World) -> None:
    states = [won(world, amount=f"{n}.00", source_version=n) if n % 2 else row(world, source_version=n) for n in range(1, 10)]
    answers = await asyncio.gather(*(put(world, state) for state in [*states, *states]))
    assert {answer.status_code for answer in answers} == {200}
    assert await world.rows("select state, amount_minor, source_version from deals") == [("won", 900, 9)]


async def test_gap_when_a_version_is_left_out_then_asked_for_and_filled_by_a_reading_of_the_newest(world: World) -> None:
    await rule(world, sources={"crm": {"versions": "contiguous"}})
    await news(world, row(world, source_version=1), won(world, source_version=4))
    assert await gaps(world) == [("O1", [(2, 3)], None)]
    [request] = [body for topic, _, body in await world.events() if topic == "crm.reread_requested"]
    assert (request["source"], request["external_id"], request["after_version"], request["up_to"]) == ("crm", "O1", 1, 3)
    await news(world, won(world, source_version=4))
    assert (await gaps(world), await gaps(world, filled=True)) == ([], [("O1", [], "read_again")])


async def test_gap_when_what_is_missing_arrives_then_filled_and_the_newest_stands(world: World) -> None:
    await rule(world, sources={"crm": {"versions": "contiguous"}})
    late = [won(world, source_version=2), row(world, source_version=3)]
    await news(world, row(world, source_version=1), won(world, amount="7", source_version=4))
    assert await news(world, late[1]) == [("unchanged", "stale")]
    assert await gaps(world) == [("O1", [(2, 2)], None)]
    assert await news(world, late[0]) == [("unchanged", "stale")]
    assert (await gaps(world), await gaps(world, filled=True)) == ([], [("O1", [], "arrived")])


async def test_gap_when_the_version_between_was_refused_then_it_is_none(world: World) -> None:
    await rule(world, sources={"crm": {"versions": "contiguous"}})
    await news(world, row(world, source_version=1), won(world, amount="-1", source_version=2), won(world, source_version=4))
    assert await gaps(world) == [("O1", [(3, 3)], None)]
    await news(
        world, row(world, 2, source_version=1), won(world, 2, amount="unreadable", source_version=2), won(world, 2, source_version=3)
    )
    assert len(await gaps(world)) == 1


async def test_source_when_it_does_not_count_without_holes_then_none_is_looked_for(world: World) -> None:
    await news(world, row(world, source_version=1), won(world, source_version=9))
    assert (await gaps(world), "crm.reread_requested" in await topics(world)) == ([], False)


async def test_owner_when_changed_and_reviewed_then_queued_until_the_former_deal_is_withdrawn(world: World) -> None:
    theirs = row(world, partner_id=str(world.rival_id))
    [deal] = await world.imported(row(world))
    assert await news(world, theirs) == [("refused", "partner_changed")]
    [error] = await queue(world)
    await world.done({"id": deal["deal_id"]}, "withdraw", reason="it went to another partner")
    retried = (await world.staff.post(f"/v1/intake/crm/errors/{error['id']}/retry")).json()
    assert (retried["result"]["result"], retried["error"]["state"]) == ("registered", "corrected")
    assert await topics(world) == ["deal.registered", "deal.withdrawn", "deal.registered"]


async def test_owner_when_changed_and_followed_then_one_deal_ends_and_another_begins_in_one_transaction(world: World) -> None:
    await rule(world, on_owner_change="follow")
    await news(world, row(world, source_version=1))
    theirs = row(world, partner_id=str(world.rival_id), source_version=2, occurred_at=START + 5 * DAY)
    assert await news(world, theirs) == [("registered", "fresh")]
    events = await world.events()
    assert [topic for topic, _, _ in events] == ["deal.registered", "deal.withdrawn", "deal.registered"]
    assert [body["partner_id"] for _, _, body in events] == [str(world.partner_id)] * 2 + [str(world.rival_id)]
    assert (events[2][2]["protected"], "external_id" in events[1][2], events[2][2]["external_id"]) == (True, False, "O1")
    slots = await world.rows(
        "select d.partner_id, s.during::text from protection_slots s join deals d on d.id = s.deal_id order by s.during"
    )
    assert [partner for partner, _ in slots] == [world.partner_id, world.rival_id]
    quotas = await world.rows("select partner_id, open_deals from registration_quotas order by open_deals")
    assert [tuple(quota) for quota in quotas] == [(world.partner_id, 0), (world.rival_id, 1)]


async def test_owner_when_followed_and_the_new_partner_is_suspended_under_enforcement_then_the_former_keeps_it(world: World) -> None:
    await rule(world, on_owner_change="follow", opportunity_exclusivity="enforce")
    stranger = uuid4()
    from services.registration.domain.values import Standing

    await world.heard(stranger, Standing.SUSPENDED)
    await news(world, row(world))
    assert await news(world, row(world, partner_id=str(stranger))) == [("refused", "partner_inactive")]
    assert await world.rows("select partner_id from deals where state = 'open'") == [(world.partner_id,)]


async def test_echo_when_our_own_change_comes_back_then_no_event_and_the_next_change_counts(world: World) -> None:
    [deal] = await world.imported(row(world, source_version=1))
    won_here = await world.done({"id": deal["deal_id"]}, "close", outcome="won", amount="500.00")
    known = await topics(world)
    [(_, _, told)] = [event for event in await world.events() if event[0] == "deal.closed"]
    assert (told["source"], told["external_id"], told.get("origin")) == ("crm", "O1", None)
    echo = won(world, amount="500.00", source_version=2, origin=f"hansa:{deal['deal_id']}@{won_here['version']}")
    assert await news(world, echo, echo) == [("unchanged", "echo"), ("unchanged", "repeat")]
    assert await topics(world) == known
    assert await news(world, row(world, source_version=3)) == [("open", "fresh")]
    assert (await world.events())[-1][2]["origin"] == "crm"


async def test_echo_when_we_entered_the_opportunity_ourselves_then_the_deal_follows_it(world: World) -> None:
    deal = await world.registered(account_name="Acme 1")
    known = await topics(world)
    entered = row(world, external_id="O9", engaged_at=START, source_version=1, origin=f"hansa:{deal['id']}@1")
    assert await news(world, entered) == [("unchanged", "echo")]
    assert await topics(world) == known
    assert (await world.staff.get("/v1/deals", params={"source": "crm", "external_id": "O9"})).json()["items"][0]["id"] == deal["id"]


async def test_echo_when_it_names_a_state_that_we_never_had_then_refused(world: World) -> None:
    [deal] = await world.imported(row(world))
    assert await news(world, won(world, origin=f"hansa:{deal['deal_id']}@99")) == [("refused", "origin_unknown")]
    assert await topics(world) == ["deal.registered"]


async def test_token_when_bound_to_one_partner_then_it_cannot_speak_for_the_vendor(world: World) -> None:
    bound = world.stage.client(world.service, role="connector", partner_id=world.partner_id)
    answers = [
        await put(world, row(world), by=bound),
        await bound.post("/v1/imports", content=b"{}"),
        await bound.get("/v1/intake/crm/errors"),
    ]
    assert [answer.json()["code"] for answer in answers] == ["bound_to_partner"] * 3


async def test_schema_when_asked_for_then_without_a_token_and_as_published(world: World) -> None:
    answer = await world.stage.client(world.service, role=None).get("/v1/schemas/crm.opportunity_changed")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    assert {"source_version", "origin"} <= answer.json()["properties"].keys()
