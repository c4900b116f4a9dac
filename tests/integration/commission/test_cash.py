"""Invoices and payments: each is kept once, told once its deal is known, and never by a partner."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from services.commission.use_cases.record_cash import tell
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from shared.schemas.deals import Outcome
from tests.integration.commission.facts import closed, deal, partner, reopened, rows, take_in

TOLD = "select type, aggregateid, payload::json from outbox where type like 'hansa.deal.%' order by id"


def _document(number: int = 1, *, amount: str = "60.00", **named: Any) -> dict[str, Any]:
    """A document of deal 1, unless another name is given."""
    named = named or {"deal_id": str(deal(1))}
    return {"reference": f"R-{number}", "amount": amount, "currency": "USD", "at": "2026-03-31T00:00:00+02:00", **named}


async def _told(commission: Service) -> list[tuple[str, str, dict[str, Any]]]:
    return [(kind, key, json.loads(body) if isinstance(body, str) else body) for kind, key, body in await rows(commission, TOLD)]


async def _run_timer(commission: Service) -> None:
    async with commission.platform.worker_database.transaction() as uow:
        await tell(uow)


@pytest.mark.parametrize(("path", "kind"), [("invoices", "hansa.deal.invoiced.v1"), ("payments", "hansa.deal.paid.v1")])
async def test_document_when_its_deal_is_known_then_told_with_all_that_the_books_need(
    commission: Service, operator: httpx2.AsyncClient, path: str, kind: str
) -> None:
    await take_in(commission, closed(1, 100_00))
    answer = await operator.post(f"/v1/{path}", json=_document())
    shown = answer.json()
    assert (answer.status_code, shown["state"], shown["partner_id"], shown["close_number"]) == (201, "sent", str(partner(1)), 1)
    assert (shown["amount"], shown["at"]) == ("60.00", "2026-03-30T22:00:00Z")
    ((told, key, body),) = await _told(commission)
    assert (told, key) == (kind, str(partner(1)))
    assert (body["deal_id"], body["close_number"], body["reference"]) == (str(deal(1)), 1, "R-1")
    assert body["amount"] == {"amount_minor": 60_00, "currency": "USD"}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_document_when_dated_beyond_the_calendar_then_invalid(commission: Service, operator: httpx2.AsyncClient, at: str) -> None:
    answer = await operator.post("/v1/payments", json=_document() | {"at": at})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert await rows(commission, "select count(*) from cash") == [(0,)]


async def test_document_when_sent_again_then_it_counts_once(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00))
    first = await operator.post("/v1/payments", json=_document())
    again = await operator.post("/v1/payments", json=_document())
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    other = await operator.post("/v1/payments", json=_document(amount="61.00"))
    assert (other.status_code, other.json()["code"]) == (409, "reference_taken")
    assert (await operator.post("/v1/invoices", json=_document())).status_code == 201, "an invoice may have a payment's number"
    assert len(await _told(commission)) == 2


async def test_document_when_sent_at_once_by_several_then_it_counts_once(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00))
    answers = await asyncio.gather(*(operator.post("/v1/payments", json=_document()) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 200, 201]
    assert len(await _told(commission)) == 1


async def test_document_when_its_deal_is_unknown_then_it_waits_and_goes_on_when_the_deal_closes(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    waiting = (await operator.post("/v1/invoices", json=_document())).json()
    assert (waiting["state"], waiting["reason"], waiting["partner_id"]) == ("waiting", "deal_unknown", None)
    await _run_timer(commission)
    assert await _told(commission) == []
    await take_in(commission, closed(1, 100_00))
    await _run_timer(commission)
    await _run_timer(commission)
    assert len(await _told(commission)) == 1
    (shown,) = (await operator.get("/v1/invoices", params={"deal_id": str(deal(1))})).json()["items"]
    assert (shown["state"], shown["reason"]) == ("sent", None)


async def test_document_when_it_names_the_opportunity_then_its_deal_is_found(commission: Service, operator: httpx2.AsyncClient) -> None:
    by_name = {"source": "crm", "external_id": "O-1"}
    early = (await operator.post("/v1/payments", json=_document(1, **by_name))).json()
    assert early["state"] == "waiting"
    await take_in(commission, closed(1, 100_00).model_copy(update={"source": "crm", "external_id": "O-1"}))
    await _run_timer(commission)
    late = (await operator.post("/v1/payments", json=_document(2, **by_name))).json()
    assert (late["state"], late["deal_id"]) == ("sent", str(deal(1)))
    assert [body["reference"] for _, _, body in await _told(commission)] == ["R-1", "R-2"]


async def test_document_when_its_deal_is_open_again_then_it_belongs_to_the_next_close_unless_it_names_one(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 100_00), reopened(1))
    assert (await operator.post("/v1/payments", json=_document(1))).json()["state"] == "waiting"
    assert (await operator.post("/v1/payments", json=_document(2, deal_id=str(deal(1)), close_number=1))).json()["state"] == "sent"
    await take_in(commission, closed(1, 100_00, close_number=2))
    await _run_timer(commission)
    assert [(body["reference"], body["close_number"]) for _, _, body in await _told(commission)] == [("R-2", 1), ("R-1", 2)]


async def test_documents_when_imported_then_one_result_per_row_and_twice_changes_nothing(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 100_00), closed(2, 50_00, outcome=Outcome.WON))
    lines = [
        {"kind": "payment", **_document(1)},
        {"kind": "invoice", **_document(2, deal_id=str(deal(9)))},
        {"kind": "payment", **_document(1)},
        {"kind": "payment", **_document(1, amount="1.00")},
        {"kind": "payment", **_document(3, amount="1.005")},
        {"kind": "payment", **_document(4, amount="0")},
        {"kind": "loan", **_document(5)},
        {"kind": "payment", **_document(6, source="crm")},
    ]
    body = "\n".join(json.dumps(line) for line in lines) + "\nnot json\n"
    results = [json.loads(line) for line in (await operator.post("/v1/cash/imports", content=body)).text.splitlines()]
    assert [(each["result"], each["code"], each["state"]) for each in results] == [
        ("recorded", None, "sent"),
        ("recorded", None, "waiting"),
        ("unchanged", None, "sent"),
        ("refused", "reference_taken", None),
        ("refused", "amount_precision", None),
        ("refused", "cash_not_positive", None),
        ("refused", "row_invalid", None),
        ("refused", "deal_unnamed", None),
        ("refused", "row_invalid", None),
    ]
    assert [each["line"] for each in results] == list(range(1, 10))
    again = [json.loads(line) for line in (await operator.post("/v1/cash/imports", content=body)).text.splitlines()]
    assert {each["result"] for each in again[:3]} == {"unchanged"}
    assert len(await _told(commission)) == 1


async def test_import_when_it_has_too_many_rows_then_refused_whole(operator: httpx2.AsyncClient) -> None:
    answer = await operator.post("/v1/cash/imports", content="{}\n" * 501)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_rows")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (_document(amount="0.00"), "cash_not_positive"),
        (_document(amount="1.234"), "amount_precision"),
        (_document(source="crm"), "deal_unnamed"),
        ({**_document(), "currency": "XXX"}, "currency_unknown"),
        ({**_document(), "close_number": 0}, "invalid_request"),
        ({**_document(), "at": "2026-03-31T00:00:00"}, "invalid_request"),
    ],
)
async def test_document_when_it_cannot_stand_then_refused(operator: httpx2.AsyncClient, document: dict[str, Any], code: str) -> None:
    answer = await operator.post("/v1/invoices", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_documents_when_a_partner_reads_then_its_own_alone(stage: Stage, commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00), closed(2, 100_00, shares={2: "1"}))
    for number in (1, 2, 3):
        await operator.post("/v1/payments", json=_document(number, deal_id=str(deal(number))))
    own = stage.client(commission, role="partner", partner_id=partner(2))
    assert [item["reference"] for item in (await own.get("/v1/payments")).json()["items"]] == ["R-2"]
    assert [item["reference"] for item in (await operator.get("/v1/payments?state=waiting")).json()["items"]] == ["R-3"]
    assert (await own.post("/v1/payments", json=_document(4))).json()["code"] == "scope_missing"


async def test_documents_when_a_system_bound_to_a_partner_sends_them_then_refused(stage: Stage, commission: Service) -> None:
    bound = stage.client(commission, role="connector", partner_id=partner(1))
    books = stage.client(commission, role="connector")
    answer = await bound.post("/v1/payments", json=_document())
    assert (answer.status_code, answer.json()["code"]) == (403, "vendor_only")
    assert (await books.post("/v1/payments", json=_document())).status_code == 201
