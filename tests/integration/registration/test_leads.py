"""Leads over HTTP: both ways, to their service level, without a word about a person before acceptance."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import ACME, World

CONTACT = {"name": "Jordan Unmistakable", "email": "jordan@unmistakable.example", "phone": "+49 30 5550199"}
LEAD = ACME | {"summary": "Wants twenty seats", "source": "trade fair", "expected_amount": "2500.00", "contact": CONTACT}
MONDAY = datetime(2026, 2, 2, 10, tzinfo=UTC)


@pytest.fixture
async def world(stage: Stage) -> World:
    stage.clock.set(MONDAY)
    return await World.open(stage)


async def shared(world: World, *, by: httpx2.AsyncClient | None = None, **changed: Any) -> dict[str, Any]:
    """A lead of the vendor for the partner; or of whoever is named."""
    partner = {} if by in (world.partner, world.rival) else {"partner_id": str(world.partner_id)}
    answer = await (by or world.staff).post("/v1/leads", json=LEAD | partner | changed)
    assert answer.status_code == 201, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


async def act(by: httpx2.AsyncClient, lead: dict[str, Any], verb: str, **body: Any) -> httpx2.Response:
    return await by.post(f"/v1/leads/{lead['id']}/{verb}", json=body)


async def read(by: httpx2.AsyncClient, lead: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await by.get(f"/v1/leads/{lead['id']}")).json()
    return found


def tells(text: str) -> bool:
    return any(part in text for value in CONTACT.values() for part in (value, "nmistakable"))


async def topics(world: World) -> list[tuple[str, int]]:
    return [(topic, sequence) for topic, sequence, _ in await world.events()]


@pytest.mark.parametrize("giver", ["vendor", "partner"])
async def test_contact_when_not_accepted_then_in_no_answer_event_or_log_for_the_receiving_side(
    world: World, giver: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    give, take = (world.staff, world.partner) if giver == "vendor" else (world.partner, world.staff)
    lead = await shared(world, by=give)
    answers = [await take.get("/v1/leads"), await take.get(f"/v1/leads/{lead['id']}"), await act(take, lead, "convert")]
    assert not any(tells(answer.text) for answer in answers)
    assert (await read(give, lead))["contact"] == CONTACT
    accepted = await act(take, lead, "accept")
    assert (accepted.status_code, tells(accepted.text)) == (200, False), "an answer that is kept for repeats holds no person"
    assert (await read(take, lead))["contact"] == CONTACT
    assert not tells(str(await world.rows("select payload, headers from outbox")))
    assert not tells(str(await world.rows("select body from idempotency_keys")))
    assert not tells(caplog.text)


async def test_contact_when_declined_then_the_receiving_side_never_sees_it(world: World) -> None:
    lead = await shared(world)
    assert (await act(world.partner, lead, "decline", reason="Not our market")).json()["state"] == "declined"
    assert (await read(world.partner, lead))["contact"] is None
    assert (await read(world.staff, lead))["reason"] == "Not our market"


async def test_contact_when_erased_then_gone_for_everyone_and_the_lead_stays(world: World) -> None:
    lead = await shared(world)
    await act(world.partner, lead, "accept")
    path = f"/v1/leads/{lead['id']}/contacts"
    assert (await world.partner.delete(path)).json()["code"] == "lead_other_side"
    assert [(await world.staff.delete(path)).status_code for _ in range(2)] == [200, 200]
    assert [(await read(by, lead))["contact"] for by in (world.staff, world.partner)] == [None, None]
    assert await world.rows("select 1 from lead_contacts") == []


async def test_lead_when_another_partners_then_not_there(world: World) -> None:
    lead = await shared(world)
    assert (await world.rival.get(f"/v1/leads/{lead['id']}")).status_code == 404
    assert (await world.rival.get("/v1/leads", params={"partner_id": str(world.partner_id)})).json()["items"] == []
    for verb in ("accept", "convert"):
        assert (await act(world.rival, lead, verb)).status_code == 404
    for verb in ("decline", "withdraw", "lose"):
        assert (await act(world.rival, lead, verb, reason="x")).status_code == 404
    assert (await world.rival.delete(f"/v1/leads/{lead['id']}/contacts")).status_code == 404


async def test_share_when_for_a_stranger_or_for_another_then_refused(world: World) -> None:
    other = LEAD | {"partner_id": str(world.rival_id)}
    assert (await world.partner.post("/v1/leads", json=other)).json()["code"] == "lead_of_other"
    assert (await world.staff.post("/v1/leads", json=LEAD)).status_code == 422
    assert (await world.staff.post("/v1/leads", json=LEAD | {"partner_id": "00000000-0000-0000-0000-000000000009"})).json()["code"] == (
        "partner_unknown"
    )
    await world.heard(world.rival_id, Standing.SUSPENDED, sequence=2)
    assert (await world.staff.post("/v1/leads", json=other)).json()["code"] == "partner_inactive"
    assert (await world.partner.post("/v1/leads", json=LEAD | {"expected_amount": "-1"})).json()["code"] == "amount_negative"


@pytest.mark.parametrize("giver", ["vendor", "partner"])
@pytest.mark.parametrize("name", ["...", " \t ", "_&_", "\u200b\u202e", "®"])
async def test_share_when_the_name_could_never_be_registered_then_refused_as_a_registration_is(world: World, giver: str, name: str) -> None:
    refused = (await world.register(account_name=name)).json()
    give, named = (world.staff, {"partner_id": str(world.partner_id)}) if giver == "vendor" else (world.partner, {})
    answer = await give.post("/v1/leads", json=LEAD | named | {"account_name": name})
    assert (answer.status_code, answer.json()["code"]) == (refused["status"], refused["code"]), name
    assert (await world.rows("select 1 from leads"), await topics(world)) == ([], [])


async def test_answer_when_by_the_wrong_side_or_out_of_turn_then_refused(world: World) -> None:
    lead = await shared(world)
    assert (await act(world.staff, lead, "accept")).json()["code"] == "lead_other_side"
    assert (await act(world.partner, lead, "convert")).json()["code"] == "lead_not_accepted"
    assert (await act(world.staff, lead, "withdraw", reason="A mistake")).json()["state"] == "withdrawn"
    assert (await act(world.partner, lead, "accept")).json()["code"] == "lead_not_open"


async def test_accept_when_eight_come_at_once_then_one_does(world: World) -> None:
    lead = await shared(world)
    answers = await asyncio.gather(*(act(world.partner, lead, "accept") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert [topic for topic, _ in await topics(world)] == ["lead.shared", "lead.accepted"]


@pytest.mark.parametrize("giver", ["vendor", "partner"])
async def test_convert_when_accepted_then_the_deal_is_the_partners_and_notes_the_lead(world: World, giver: str) -> None:
    give, take = (world.staff, world.partner) if giver == "vendor" else (world.partner, world.staff)
    lead = await shared(world, by=give)
    await act(take, lead, "accept")
    converted = (await act(take, lead, "convert")).json()
    deal = (await world.partner.get(f"/v1/deals/{converted['deal_id']}")).json()
    assert (deal["lead_id"], deal["partner_id"], deal["protected"]) == (lead["id"], str(world.partner_id), True)
    assert (deal["account_name"], deal["expected"]["amount"]) == ("Acme Holding", "2500.00")
    assert await topics(world) == [("lead.shared", 1), ("lead.accepted", 2), ("deal.registered", 1), ("lead.converted", 3)]
    assert (await world.events())[2][2]["lead_id"] == lead["id"]
    await world.done(deal, "close", outcome="won", amount="1.00")
    assert (await world.partner.get(f"/v1/deals/{deal['id']}")).json()["lead_id"] == lead["id"]


async def test_convert_when_the_account_is_taken_then_refused_as_any_registration_and_the_lead_stays(world: World) -> None:
    lead = await shared(world)
    await act(world.partner, lead, "accept")
    await world.registered(world.rival)
    answer = await act(world.partner, lead, "convert")
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")
    assert (await read(world.partner, lead))["state"] == "accepted"
    assert (await topics(world))[-1][0] == "deal.duplicate_refused"
    assert (await act(world.partner, lead, "lose", reason="Taken")).json()["state"] == "lost"


async def test_timer_when_nobody_answers_then_reminded_once_and_aged_in_business_hours(world: World) -> None:
    lead = await shared(world)
    timers = world.service.worker.timers
    assert lead["answer_by"] == "2026-02-04T10:00:00Z"
    for after in (timedelta(days=1), timedelta(days=1, hours=1), timedelta(days=2), timedelta(days=3)):
        world.stage.clock.set(MONDAY + after)
        await timers.run_due()
    assert await topics(world) == [("lead.shared", 1), ("lead.reminded", 2), ("lead.aged", 3)]
    assert (await act(world.partner, lead, "accept")).json()["code"] == "lead_not_open"


async def test_accept_when_the_deadline_is_over_and_the_timer_was_not_there_then_too_late(world: World) -> None:
    lead = await shared(world)
    world.stage.clock.set(MONDAY + timedelta(days=2))
    assert (await act(world.partner, lead, "accept")).json()["code"] == "lead_too_late"


async def test_timer_when_not_converted_in_time_then_marked_once(world: World) -> None:
    lead = await shared(world)
    await act(world.partner, lead, "accept")
    for days in (89, 90, 91):
        world.stage.clock.set(MONDAY + timedelta(days=days))
        await world.service.worker.timers.run_due()
    assert await topics(world) == [("lead.shared", 1), ("lead.accepted", 2), ("lead.aged", 3)]
    found = await read(world.partner, lead)
    assert (found["state"], found["overdue"]) == ("accepted", True)


async def test_leads_when_their_partner_is_suspended_then_the_vendors_go_back_and_the_person_is_hidden(world: World) -> None:
    waiting, taken, given = await shared(world), await shared(world), await shared(world, by=world.partner)
    done = await shared(world)
    for lead in (taken, done):
        await act(world.partner, lead, "accept")
    await act(world.partner, done, "lose", reason="No budget")
    await world.heard(world.partner_id, Standing.SUSPENDED, sequence=2)
    found = [await read(world.partner, lead) for lead in (waiting, taken, given, done)]
    assert [lead["state"] for lead in found] == ["given_back", "given_back", "shared", "lost"]
    assert [lead["contact"] is None for lead in found] == [True, True, False, True], "what it gave itself it sees"
    assert (await read(world.staff, taken))["reason"] == "the partner was suspended"
    back = [body["lead_id"] for topic, _, body in await world.events() if topic == "lead.given_back"]
    assert sorted(back) == sorted([waiting["id"], taken["id"]])
    assert (await act(world.partner, taken, "convert")).json()["code"] == "lead_not_accepted"


async def test_leads_when_their_partner_is_terminated_then_those_that_it_shared_are_over_too(world: World) -> None:
    waiting, taken = await shared(world, by=world.partner), await shared(world, by=world.partner)
    await act(world.staff, taken, "accept")
    for _ in range(2):
        await world.heard(world.partner_id, Standing.TERMINATED, sequence=2)
    found = [await read(world.staff, lead) for lead in (waiting, taken)]
    assert [(lead["state"], lead["reason"]) for lead in found] == [
        ("withdrawn", "the partnership ended"),
        ("lost", "the partnership ended"),
    ]
    assert [topic for topic, _ in await topics(world)][-2:] == ["lead.withdrawn", "lead.lost"]
