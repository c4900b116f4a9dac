"""What is another partner's and what was never there are one and the same to who asks: in words, size and headers, by every route."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.test_leads import LEAD
from tests.integration.registration.world import ACME, World

HASH = "0" * 64
REASON = {"reason": "x"}
CLOSE = {"outcome": "won", "amount": "1.00"}
# By what the id names: method, path below it, body. Each body is one that the route takes.
CALLS: dict[str, list[tuple[str, str, dict[str, Any] | None]]] = {
    "deals": [
        *(("GET", "", None), ("GET", "/receipt", None), ("POST", "/close", CLOSE), ("POST", "/amend", {"amount": "1.00", "reason": "x"})),
        *(("POST", f"/{verb}", REASON) for verb in ("reopen", "withdraw", "refund")),
        *(("POST", "/request-extension", {"evidence": "x"}), ("POST", "/stage", {"stage": "x"}), ("POST", "/resubmit", {"answer": "x"})),
    ],
    "drafts": [("GET", "", None), ("PUT", "", ACME), ("POST", "/submit", {}), ("DELETE", "", None)],
    "waiting": [("POST", "/accept", {}), ("POST", "/leave", {})],
    "leads": [
        *(("GET", "", None), ("POST", "/accept", {}), ("POST", "/convert", {}), ("DELETE", "/contacts", None)),
        *(("POST", f"/{verb}", REASON) for verb in ("decline", "withdraw", "lose")),
    ],
    "conflicts": [
        *(("GET", "", None), ("GET", "/evidence", None), ("GET", "/letter", None)),
        ("POST", "/evidence", {"kind": "document", "reference": "x", "note": "x"}),
    ],
    "coselling": [
        *(("GET", "", None), ("GET", "/deal", None), ("GET", "/plan", None), ("POST", "/sign", {"number": 1, "hash": HASH})),
        *(("POST", "/decline", {"number": 1}), ("POST", "/leave", {}), ("POST", "/plan", {"title": "x", "due_on": "2026-09-01"})),
    ],
}
STAFFS = ("deals/{id}/extend", "deals/{id}/decline-extension", "approvals/{id}/approve", "approvals/{id}/assign", "accounts/{id}/merge")
STAFFS += ("conflicts/{id}/steps", "conflicts/{id}/decide", "reviews/{id}/decide", "rule-proposals/{id}/try")
EVERY = [(kind, *call) for kind, calls in CALLS.items() for call in calls]
STAND = {"active": Standing.ACTIVE, "suspended": Standing.SUSPENDED, "terminated": Standing.TERMINATED}


@dataclass
class Held:
    """A world in which the partner has one of each, and a stranger who has none."""

    world: World
    stranger: httpx2.AsyncClient
    ids: dict[str, str]


@pytest.fixture(params=STAND)
async def held(stage: Stage, request: pytest.FixtureRequest) -> Held:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True})
    await world.registered(world.rival, account_name="Zebra Works", account_domain=None)
    await world.register(account_name="Zebra Works", account_domain=None, wait=True)
    deal = await world.registered()
    mine = world.partner
    parties = [{"partner_id": str(world.partner_id), "role": "r", "share": "1"}]
    made = {
        "drafts": await mine.post("/v1/drafts", json=ACME),
        "leads": await world.staff.post("/v1/leads", json=LEAD | {"partner_id": str(world.partner_id)}),
        "conflicts": await mine.post("/v1/conflicts", json={"deal_ids": [deal["id"]], "text": "x"}),
        "coselling": await mine.post("/v1/coselling", json={"deal_id": deal["id"], "parties": parties, "message": "x"}),
    }
    places = (await mine.get("/v1/waiting")).json()["items"]
    ids = {"deals": deal["id"], "waiting": places[0]["id"], **{kind: answer.json()["id"] for kind, answer in made.items()}}
    who = uuid4()
    await world.heard(who, STAND[request.param])
    return Held(world, world.stage.client(world.service, role="partner", partner_id=who), ids)


async def _told(client: httpx2.AsyncClient, method: str, path: str, body: object, named: str, **headers: str) -> tuple[Any, ...]:
    answer = await client.request(method, path, json=body, headers=headers)
    assert answer.status_code < 500, (method, path, answer.text)
    return answer.status_code, sorted(answer.headers.items()), answer.text.replace(named, "…")


async def test_id_when_of_another_partner_then_answered_as_one_that_never_was(held: Held) -> None:
    before = await held.world.rows("select (select count(*) from outbox), (select count(*) from receipts)")
    for kind, method, below, body in EVERY:
        theirs, nobodys = held.ids[kind], str(uuid4())
        for headers in ({}, {"if-match": '"1"'}, {"if-match": '"9"'}, {"if-match": "*"}):
            keys = [{"idempotency-key": uuid4().hex} if method == "POST" else {} for _ in range(2)]
            one = await _told(held.stranger, method, f"/v1/{kind}/{theirs}{below}", body, theirs, **headers, **keys[0])
            other = await _told(held.stranger, method, f"/v1/{kind}/{nobodys}{below}", body, nobodys, **headers, **keys[1])
            assert one == other, (kind, method, below)
            assert one[0] in {403, 404}, (kind, method, below, one)
    assert await held.world.rows("select (select count(*) from outbox), (select count(*) from receipts)") == before


async def test_id_when_asked_for_in_a_list_then_as_one_that_never_was(held: Held) -> None:
    deal = held.ids["deals"]
    filters = {"deals": "partner_id", "leads": "partner_id", "receipts": "partner_id", "extensions": "deal_id", "coselling": "deal_id"}
    for path, name in filters.items():
        value = deal if name == "deal_id" else str(held.world.partner_id)
        answers = [await held.stranger.get(f"/v1/{path}", params={name: each}) for each in (value, str(uuid4()))]
        assert [answer.json() for answer in answers] == [{"items": [], "next": None}] * 2, path
        assert answers[0].headers == answers[1].headers


async def test_route_of_staff_when_a_partner_calls_then_refused_whatever_is_named(held: Held) -> None:
    for path in STAFFS:
        ids = (held.ids[path.split("/")[0]] if path.split("/")[0] in held.ids else held.ids["deals"], str(uuid4()))
        told = [await _told(held.world.partner, "POST", f"/v1/{path.format(id=each)}", {}, each) for each in ids]
        assert told[0] == told[1], path
        assert told[0][0] == 403, path


async def test_route_when_nobody_calls_then_told_to_sign_in_whatever_is_named(held: Held) -> None:
    nobody = held.world.stage.client(held.world.service, role=None)
    for kind, method, below, body in EVERY:
        for each in (held.ids[kind], str(uuid4())):
            answer = await nobody.request(method, f"/v1/{kind}/{each}{below}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
