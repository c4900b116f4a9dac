"""A repeated request and a changed one: idempotency keys on routes that leave a receipt, and versions on every route that answers one."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.test_leads import LEAD
from tests.integration.registration.world import ACME, World

OTHER = {"account_name": "Beta Optik", "account_domain": "beta-optik.de"}
STALE = ['"7"', 'W/"1"', '"1-"', "", '""']


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def post(by: httpx2.AsyncClient, path: str, body: dict[str, Any] | None = None, *, key: str) -> httpx2.Response:
    return await by.post(f"/v1/{path}", json=body or {}, headers={"idempotency-key": key})


async def counted(world: World) -> list[int]:
    tables = "select (select count(*) from deals), (select count(*) from receipts), (select count(*) from outbox)"
    return list((await world.rows(tables))[0])


# Keys


async def test_registration_when_repeated_by_a_process_that_started_later_then_the_same_answer_and_nothing_more(world: World) -> None:
    first = [await post(world.partner, "deals", ACME, key="k"), await post(world.rival, "deals", ACME, key="k")]
    assert [answer.status_code for answer in first] == [201, 409]
    before = await counted(world)
    later = await world.stage.launch("registration", worker=False)
    clients = [world.stage.client(later, role="partner", partner_id=who) for who in (world.partner_id, world.rival_id)]
    again = [await post(client, "deals", ACME, key="k") for client in clients]
    for was, now in zip(first, again, strict=True):
        assert now.content == was.content
        assert dict(now.headers) == dict(was.headers) | {"idempotent-replayed": "true"}, "with its receipt, ETag and place"
    assert await counted(world) == before


async def test_key_when_used_for_another_registration_or_another_way_to_it_then_refused(world: World) -> None:
    await post(world.partner, "deals", ACME, key="k")
    draft = (await world.partner.post("/v1/drafts", json=ACME | OTHER)).json()
    others = [
        await post(world.partner, "deals", ACME | OTHER, key="k"),
        await post(world.partner, "deals?", ACME | {"wait": True}, key="k"),
        await post(world.partner, f"drafts/{draft['id']}/submit", key="k"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in others] == [(422, "idempotency_key_reused")] * 3
    assert (await counted(world))[0] == 1


async def test_key_when_what_it_was_used_for_was_refused_and_undone_then_it_is_free_again(world: World) -> None:
    await world.policy(open_registrations_limit=1)
    deal = await world.registered()
    assert (await post(world.partner, "deals", ACME | OTHER, key="k")).json()["code"] == "quota_reached"
    await world.done(deal, "withdraw", by=world.partner, reason="room")
    assert (await post(world.partner, "deals", ACME | OTHER, key="k")).status_code == 201
    assert (await post(world.partner, "deals", ACME | OTHER, key="k")).headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("body", [ACME, ACME | OTHER], ids=["same", "other"])
async def test_key_when_its_first_request_waits_for_the_account_then_in_flight_whatever_is_asked(
    world: World, body: dict[str, Any]
) -> None:
    deal = await world.registered()
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.fetch("select 1 from accounts where id = $1 for update", deal["account_id"])
        first = asyncio.create_task(post(world.partner, "deals", ACME, key="k"))
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="waiting for the account")
        refused = await asyncio.wait_for(post(world.partner, "deals", body, key="k"), 5)
        theirs = await asyncio.wait_for(post(world.rival, "deals", ACME | OTHER, key="k"), 5)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_in_flight")
    assert theirs.status_code == 201, "the key of another caller"
    assert (await first).status_code == 201


async def test_key_when_many_send_it_at_once_with_different_bodies_then_one_is_done_and_no_other(world: World) -> None:
    bodies = [ACME | {"account_name": f"Company {n}", "account_domain": None} for n in range(8)]
    answers = await asyncio.gather(*(post(world.partner, "deals", body, key="k") for body in bodies))
    assert sorted({answer.status_code for answer in answers} - {201}) in ([409], [422], [409, 422])
    assert [answer.status_code for answer in answers].count(201) == 1
    assert (await counted(world))[:2] == [1, 1]


@pytest.mark.parametrize("verb", ["close", "withdraw", "stage"])
async def test_change_when_repeated_after_the_deal_moved_on_then_the_stored_answer_whatever_its_version(world: World, verb: str) -> None:
    deal = await world.registered()
    body = {"close": {"outcome": "lost"}, "withdraw": {"reason": "x"}, "stage": {"stage": "demo"}}[verb]
    headers = {"idempotency-key": "k", "if-match": f'"{deal["version"]}"'}
    first = await world.step(deal, verb, by=world.partner, headers=headers, **body)
    assert first.status_code == 200, first.text
    again = await world.step(deal, verb, by=world.partner, headers=headers, **body)
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])


# Versions


async def _lead(world: World, *, accepted: bool) -> str:
    lead = (await world.staff.post("/v1/leads", json=LEAD | {"partner_id": str(world.partner_id)})).json()
    if accepted:
        assert (await world.partner.post(f"/v1/leads/{lead['id']}/accept")).status_code == 200
    return f"/v1/leads/{lead['id']}"


@pytest.mark.parametrize("tag", STALE)
@pytest.mark.parametrize(("verb", "by"), [("accept", "partner"), ("decline", "partner"), ("withdraw", "staff")])
async def test_lead_when_another_version_was_read_then_not_answered(world: World, verb: str, by: str, tag: str) -> None:
    lead, caller = await _lead(world, accepted=False), getattr(world, by)
    body = None if verb == "accept" else {"reason": "x"}
    refused = await caller.post(f"{lead}/{verb}", json=body, headers={"if-match": tag})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    read = await caller.get(lead)
    assert read.json()["state"] == "shared"
    assert (await caller.post(f"{lead}/{verb}", json=body, headers={"if-match": f'"9", {read.headers["etag"]}'})).status_code == 200


@pytest.mark.parametrize(("verb", "body"), [("convert", {}), ("lose", {"reason": "x"})])
async def test_accepted_lead_when_another_version_was_read_then_not_ended(world: World, verb: str, body: dict[str, str]) -> None:
    lead = await _lead(world, accepted=True)
    refused = await world.partner.post(f"{lead}/{verb}", json=body, headers={"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    assert (await counted(world))[:2] == [0, 0], "nothing was registered"
    assert (await world.partner.post(f"{lead}/{verb}", json=body, headers={"if-match": "*"})).status_code == 200


async def test_contacts_when_another_version_of_the_lead_was_read_then_not_erased(world: World) -> None:
    lead = await _lead(world, accepted=True)
    assert (await world.staff.delete(f"{lead}/contacts", headers={"if-match": '"1"'})).status_code == 412
    assert len(await world.rows("select 1 from lead_contacts")) == 1
    assert (await world.staff.delete(f"{lead}/contacts", headers={"if-match": '"2"'})).status_code == 200


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_draft_when_another_version_was_read_then_neither_deleted_nor_submitted(world: World, method: str) -> None:
    draft = (await world.partner.post("/v1/drafts", json=ACME)).json()
    path = f"/v1/drafts/{draft['id']}"
    assert (await world.partner.put(path, json=ACME | OTHER)).headers["etag"] == '"2"'
    end = path if method == "DELETE" else f"{path}/submit"
    for tag in ('"1"', 'W/"2"'):
        refused = await world.partner.request(method, end, headers={"if-match": tag})
        assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    assert ((await counted(world))[0], (await world.partner.get(path)).json()["deal"]["account_name"]) == (0, "Beta Optik")
    assert (await world.partner.request(method, end, headers={"if-match": '"2"'})).status_code in {201, 204}


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "close": ("partner", {"outcome": "lost"}),
    "withdraw": ("partner", {"reason": "x"}),
    "stage": ("partner", {"stage": "demo"}),
    "request-extension": ("partner", {}),
    "extend": ("staff", {}),
}


@pytest.mark.parametrize("verb", STEPS)
@pytest.mark.parametrize("tag", STALE)
async def test_deal_when_another_version_was_read_then_unchanged(world: World, verb: str, tag: str) -> None:
    by, body = STEPS[verb]
    deal = await world.registered(account_name=f"Acme {uuid4()}", account_domain=None)
    refused = await world.step(deal, verb, by=getattr(world, by), headers={"if-match": tag}, **body)
    assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    now = await world.partner.get(f"/v1/deals/{deal['id']}")
    assert now.headers["etag"] == f'"{deal["version"]}"'
