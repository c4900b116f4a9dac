"""Disputes over HTTP: who may do what, what is refused and how, and lists in pages."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import NOW, closed, partner, rows, take_in

WRONG = {"reason": "The rate is wrong."}


@pytest.fixture
def own(stage: Stage, commission: Service) -> httpx2.AsyncClient:
    return stage.client(commission, role="partner", partner_id=partner(1))


@pytest.fixture
def rival(stage: Stage, commission: Service) -> httpx2.AsyncClient:
    return stage.client(commission, role="partner", partner_id=partner(2))


async def _entry(commission: Service, number: int = 1) -> str:
    await take_in(commission, closed(number, 100_00))
    return str((await rows(commission, "select id from entries order by seq desc limit 1"))[0][0])


async def _opened(commission: Service, own: httpx2.AsyncClient) -> tuple[str, dict[str, str]]:
    """A new dispute: its path, and the header that names its version."""
    answer = await own.post("/v1/disputes", json={"entry_id": await _entry(commission), **WRONG})
    assert answer.status_code == 201, answer.text
    return f"/v1/disputes/{answer.json()['id']}", {"if-match": answer.headers["etag"]}


def _said(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_dispute_when_opened_by_the_vendors_staff_then_refused(commission: Service, operator: httpx2.AsyncClient) -> None:
    answer = await operator.post("/v1/disputes", json={"entry_id": await _entry(commission), **WRONG})
    assert _said(answer) == (403, "partner_only")


async def test_dispute_when_withdrawn_by_the_vendors_staff_then_refused(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient
) -> None:
    path, version = await _opened(commission, own)
    assert _said(await operator.post(f"{path}/withdraw", json=WRONG, headers=version)) == (403, "partner_only")


@pytest.mark.parametrize("what", ["answer", "resolve", "decline"])
async def test_dispute_when_a_partner_would_decide_it_then_refused(commission: Service, own: httpx2.AsyncClient, what: str) -> None:
    path, version = await _opened(commission, own)
    assert _said(await own.post(f"{path}/{what}", json=WRONG, headers=version)) == (403, "scope_missing")


async def test_entry_of_a_rival_when_disputed_then_it_is_not_there(commission: Service, rival: httpx2.AsyncClient) -> None:
    for entry_id in (await _entry(commission), str(uuid4())):
        answer = await rival.post("/v1/disputes", json={"entry_id": entry_id, **WRONG})
        assert _said(answer) == (404, "not_found")
    assert await rows(commission, "select 1 from disputes") == []
    assert await rows(commission, "select 1 from journal where kind = 'frozen'") == []


async def test_dispute_of_a_rival_when_read_or_withdrawn_then_it_is_not_there(
    commission: Service, own: httpx2.AsyncClient, rival: httpx2.AsyncClient
) -> None:
    path, version = await _opened(commission, own)
    assert _said(await rival.get(path)) == (404, "not_found")
    assert _said(await rival.post(f"{path}/withdraw", json=WRONG, headers=version)) == (404, "not_found")
    assert (await rival.get("/v1/disputes")).json()["items"] == []


async def test_dispute_of_a_share_when_opened_then_the_answer_names_nobody_else(
    stage: Stage, commission: Service, rival: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 100_00, shares={1: "0.5", 2: "0.5"}))
    ((entry_id,),) = await rows(commission, f"select id from entries where partner_id = '{partner(2)}'")
    answer = await rival.post("/v1/disputes", json={"entry_id": str(entry_id), **WRONG})
    assert (answer.status_code, answer.json()["hold"]) == (201, "entry")
    assert str(partner(1)) not in answer.text
    seen = (await rival.get("/v1/entries")).json()["items"]  # a later request reaches no further than before
    assert {entry["partner_id"] for entry in seen} == {str(partner(2))}


async def test_dispute_when_changed_without_or_with_another_version_then_refused(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient
) -> None:
    path, version = await _opened(commission, own)
    assert _said(await operator.post(f"{path}/decline", json=WRONG)) == (428, "precondition_required")
    assert (await operator.post(f"{path}/answer", json={"answer": "We look into it."}, headers=version)).status_code == 200
    assert _said(await operator.post(f"{path}/decline", json=WRONG, headers=version)) == (412, "version_mismatch")
    read = {"if-match": (await operator.get(path)).headers["etag"]}
    assert (await operator.post(f"{path}/decline", json=WRONG, headers=read)).status_code == 200


async def test_dispute_when_answered_twice_then_refused(commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient) -> None:
    path, version = await _opened(commission, own)
    answer = await operator.post(f"{path}/answer", json={"answer": "We look into it."}, headers=version)
    again = await operator.post(f"{path}/answer", json={"answer": "Again."}, headers={"if-match": answer.headers["etag"]})
    assert _said(again) == (409, "dispute_answered")


async def test_dispute_when_it_is_settled_then_nothing_changes_it(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient
) -> None:
    path, version = await _opened(commission, own)
    settled = {"if-match": (await own.post(f"{path}/withdraw", json=WRONG, headers=version)).headers["etag"]}
    for what, body in (("answer", {"answer": "No."}), ("resolve", {"amount": "1.00", **WRONG}), ("decline", WRONG)):
        assert _said(await operator.post(f"{path}/{what}", json=body, headers=settled)) == (409, "dispute_settled")


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("answer", {"answer": "Soon.", "decide_by": NOW.isoformat()}, "decision_due_invalid"),
        ("answer", {"answer": "Never.", "decide_by": "9999-12-31T23:59:59-14:00"}, "invalid_request"),
        ("answer", {"answer": ""}, "invalid_request"),
        ("resolve", {"amount": "0.00", **WRONG}, "adjustment_zero"),
        ("resolve", {"amount": "1.001", **WRONG}, "amount_precision"),
        ("resolve", {"amount": "1,50", **WRONG}, "invalid_request"),
        ("resolve", {"amount": "1.50"}, "invalid_request"),
    ],
)
async def test_decision_when_it_cannot_be_then_refused_and_nothing_is_booked(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient, what: str, body: dict[str, Any], code: str
) -> None:
    path, version = await _opened(commission, own)
    assert _said(await operator.post(f"{path}/{what}", json=body, headers=version)) == (422, code)
    assert await rows(commission, "select 1 from entries where kind = 'adjustment'") == []
    assert (await own.get(path)).json()["state"] == "open"


async def test_dispute_when_posted_twice_with_one_key_then_one_and_the_same_answer(commission: Service, own: httpx2.AsyncClient) -> None:
    body, key = {"entry_id": await _entry(commission), **WRONG}, {"idempotency-key": "one"}
    first, second = [await own.post("/v1/disputes", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert await rows(commission, "select count(*) from disputes") == [(1,)]


async def test_words_when_read_by_a_partner_then_who_of_the_staff_said_them_is_not_told(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient
) -> None:
    path, version = await _opened(commission, own)
    shown = (await operator.post(f"{path}/decline", json=WRONG, headers=version)).json()
    assert shown["decision"]["by"]
    assert (await own.get(path)).json()["decision"] == {**shown["decision"], "by": None}


async def test_disputes_when_listed_then_in_pages_and_by_entry_and_state(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient
) -> None:
    entries = [await _entry(commission, number) for number in range(1, 6)]
    for entry_id in entries:
        await own.post("/v1/disputes", json={"entry_id": entry_id, **WRONG})
    seen: list[str] = []
    page: dict[str, Any] = {"next": None}
    while True:
        address = "/v1/disputes?limit=2" + (f"&next={page['next']}" if page["next"] else "")
        page = (await operator.get(address)).json()
        seen += [dispute["entry_id"] for dispute in page["items"]]
        if page.get("next") is None:
            break
    assert seen == entries
    (one,) = (await own.get(f"/v1/disputes?entry_id={entries[2]}")).json()["items"]
    assert UUID(one["entry_id"]) == UUID(entries[2])
    assert (await operator.get("/v1/disputes?state=declined")).json()["items"] == []
    assert len((await operator.get("/v1/disputes?state=open")).json()["items"]) == 5


async def test_rules_when_recorded_then_they_hold_from_now_on(
    commission: Service, operator: httpx2.AsyncClient, own: httpx2.AsyncClient, clock: ManualClock
) -> None:
    first = (await own.get("/v1/dispute-rules")).json()
    assert (first["version"], first["rules"]) == (0, {"open_within_days": 30, "answer_within_days": 10})
    changed = {"rules": {"open_within_days": 1, "answer_within_days": 3}, "reason": "faster"}
    recorded = (await operator.post("/v1/dispute-rules", json=changed)).json()
    assert (recorded["version"], recorded["rules"], recorded["reason"]) == (1, changed["rules"], "faster")
    path, _ = await _opened(commission, own)
    assert (await own.get(path)).json()["due_at"] == (NOW + timedelta(days=3)).isoformat().replace("+00:00", "Z")
    assert _said(await own.post("/v1/dispute-rules", json=changed)) == (403, "scope_missing")
