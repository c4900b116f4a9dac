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


def _changes(account: dict[str, Any], other: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every change of an account, by its route."""
    named = [{"kind": "domain", "value": "acme.co.uk"}]
    return {
        "merge": {"into": other["id"]},
        "split": {"identifiers": named},
        "alias": {"crm_ids": ["sf:1"]},
        "links": {"parent_id": other["id"], "source": "register"},
        f"links/{uuid4()}/end": {},
    }


async def _account(world: World, account_id: str) -> httpx2.Response:
    answer = await world.staff.get(f"/v1/accounts/{account_id}")
    assert answer.status_code == 200, answer.text
    return answer


async def _two_accounts(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    deals = [await world.registered(), await world.registered(families=["MG"], **OTHER)]
    first, second = [(await _account(world, deal["account_id"])).json() for deal in deals]
    return first, second


@pytest.mark.parametrize("tag", STALE)
async def test_account_when_another_version_was_read_then_unchanged(world: World, tag: str) -> None:
    account, other = await _two_accounts(world)
    for verb, body in _changes(account, other).items():
        body |= {"reason": "x"}
        refused = await world.staff.post(f"/v1/accounts/{account['id']}/{verb}", json=body, headers={"if-match": tag})
        assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch"), verb
    now = await _account(world, account["id"])
    assert (now.headers["etag"], now.json()) == (f'"{account["version"]}"', account)


@pytest.mark.parametrize("verb", ["merge", "split", "alias", "links"])
async def test_account_when_the_version_read_is_named_then_changed_once_and_answered_with_its_next(world: World, verb: str) -> None:
    account, other = await _two_accounts(world)
    body, path = _changes(account, other)[verb] | {"reason": "x"}, f"/v1/accounts/{account['id']}/{verb}"
    headers = {"if-match": (await _account(world, account["id"])).headers["etag"]}
    answer = await world.staff.post(path, json=body, headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    again = await world.staff.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == ((409, "account_merged") if verb == "merge" else (412, "version_mismatch"))
    if verb != "links":  # which answers the link
        read = await _account(world, answer.json()["id"])
        assert answer.headers["etag"] == read.headers["etag"] == f'"{read.json()["version"]}"'


async def test_account_when_two_change_what_both_read_then_one_does(world: World) -> None:
    account, _ = await _two_accounts(world)
    path, headers = f"/v1/accounts/{account['id']}/alias", {"if-match": f'"{account["version"]}"'}
    bodies = [{"reason": "x", "crm_ids": [f"sf:{n}"]} for n in range(6)]
    answers = await asyncio.gather(*(world.staff.post(path, json=body, headers=headers) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * 5]


async def test_link_when_made_and_ended_then_both_companies_have_another_version(world: World) -> None:
    account, other = await _two_accounts(world)
    path = f"/v1/accounts/{account['id']}/links"
    link = (await world.staff.post(path, json={"parent_id": other["id"], "source": "register", "reason": "x"})).json()
    made = [(await _account(world, each["id"])).json()["version"] for each in (account, other)]
    assert (await world.staff.post(f"{path}/{link['id']}/end", json={"reason": "x"})).status_code == 200
    ended = [(await _account(world, each["id"])).json()["version"] for each in (account, other)]
    assert [made, ended] == [[account["version"] + n, other["version"] + n] for n in (1, 2)]


async def test_account_when_a_registration_names_it_anew_then_what_was_read_is_not_split(world: World) -> None:
    account, _ = await _two_accounts(world)
    await world.registered(families=["NEW"], crm_ids=["sf:77"])
    body = {"identifiers": [{"kind": "domain", "value": "acme.co.uk"}], "reason": "x"}
    path = f"/v1/accounts/{account['id']}/split"
    refused = await world.staff.post(path, json=body, headers={"if-match": f'"{account["version"]}"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")


@pytest.mark.parametrize("tag", STALE)
async def test_plan_step_when_another_version_was_read_then_not_moved(world: World, tag: str) -> None:
    agreed = {"deal_id": (await world.registered())["id"], "parties": [{"partner_id": str(world.partner_id), "role": "r", "share": "1"}]}
    agreement = (await world.partner.post("/v1/coselling", json=agreed)).json()
    [version] = agreement["versions"]
    path = f"/v1/coselling/{agreement['id']}"
    for side in (world.staff, world.partner):
        assert (await side.post(f"{path}/sign", json={"number": version["number"], "hash": version["hash"]})).status_code == 200
    made = await world.partner.post(f"{path}/plan", json={"title": "Demo", "due_on": "2099-01-01"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    step = f"{path}/plan/{made.json()['id']}"
    refused = await world.partner.post(step, json={"state": "done"}, headers={"if-match": tag})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    assert (await world.partner.get(f"{path}/plan")).json()["steps"] == [made.json()]
    moved = await world.partner.post(step, json={"state": "done"}, headers={"if-match": made.headers["etag"]})
    assert (moved.status_code, moved.headers["etag"], moved.json()["version"]) == (200, '"2"', 2)
    assert (await world.staff.post(step, json={"state": "dropped"}, headers={"if-match": '"1"'})).status_code == 412
    assert (await world.staff.post(step, json={"state": "dropped"})).status_code == 200
