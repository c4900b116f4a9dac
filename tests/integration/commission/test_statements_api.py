"""Statements over HTTP: as they were issued, printed, and to each partner its own alone."""

from datetime import UTC, datetime

import httpx2
import orjson
import pytest

from services.commission.statement_check import check, read
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import closed, partner, rows, take_in


@pytest.fixture
async def issued(commission: Service, clock: ManualClock) -> None:
    """Two partners with a shared deal, and a statement each for March and April."""
    await take_in(commission, closed(1, 100_000_00, shares={1: "0.5", 2: "0.5"}))
    clock.set(datetime(2026, 4, 2, tzinfo=UTC))
    await take_in(commission, closed(2, 50_00, shares={1: "1"}), closed(3, 70_00, shares={2: "1"}))
    clock.set(datetime(2026, 5, 1, tzinfo=UTC))
    await commission.worker.timers.run_due()


async def test_statement_when_read_then_byte_for_byte_as_issued_under_its_hash(
    operator: httpx2.AsyncClient, commission: Service, issued: None
) -> None:
    items = (await operator.get("/v1/statements", params={"partner_id": str(partner(1))})).json()["items"]
    assert [(item["number"], item["period_from"], item["period_until"]) for item in items] == [
        (1, "2026-03-01", "2026-04-01"),
        (2, "2026-04-01", "2026-05-01"),
    ]
    answers = [await operator.get(f"/v1/statements/{item['id']}") for item in items]
    first, second = (read(answer.content) for answer in answers)
    assert check(first) == check(second, former=first) == []
    assert (items[1]["former_hash"], answers[0].headers["etag"]) == (items[0]["hash"], f'"{items[0]["hash"]}"')
    stored = await rows(commission, f"select document from statements where id = '{items[0]['id']}'")
    assert stored == [(answers[0].text,)]


async def test_statement_when_printed_then_a_pdf_with_a_name(operator: httpx2.AsyncClient, issued: None) -> None:
    (item, *_) = (await operator.get("/v1/statements")).json()["items"]
    answer = await operator.get(f"/v1/statements/{item['id']}/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == (
        "application/pdf",
        'attachment; filename="statement-0001-2026-03-01.pdf"',
    )


async def test_statements_when_paged_then_each_comes_once(operator: httpx2.AsyncClient, issued: None) -> None:
    whole = (await operator.get("/v1/statements")).json()["items"]
    first = (await operator.get("/v1/statements", params={"limit": 3})).json()
    rest = (await operator.get("/v1/statements", params={"limit": 3, "next": first["next"]})).json()
    assert first["items"] + rest["items"] == whole
    assert (len(whole), rest.get("next")) == (4, None)


async def test_partner_when_it_reads_then_its_own_statements_alone(stage: Stage, commission: Service, issued: None) -> None:
    own = stage.client(commission, role="partner", partner_id=partner(1))
    rival = stage.client(commission, role="partner", partner_id=partner(2))
    items = (await own.get("/v1/statements")).json()["items"]
    assert {item["partner_id"] for item in items} == {str(partner(1))}
    for path in (f"/v1/statements/{items[0]['id']}", f"/v1/statements/{items[0]['id']}/pdf"):
        assert (await own.get(path)).status_code == 200
        assert ((await rival.get(path)).status_code, (await rival.get(path)).json()["code"]) == (404, "not_found")
    assert (await rival.get("/v1/statements", params={"partner_id": str(partner(1))})).json()["items"] == []


async def test_connector_when_it_asks_then_out_of_scope(stage: Stage, commission: Service) -> None:
    answer = await stage.client(commission, role="connector").get("/v1/statements")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_rules_when_recorded_then_listed_with_who_when_and_why(operator: httpx2.AsyncClient) -> None:
    assert (await operator.get("/v1/statement-rules")).json() == []
    for period in ("quarter", "month"):
        await operator.post("/v1/statement-rules", json={"period": period, "reason": f"by {period}"})
    found = (await operator.get("/v1/statement-rules")).json()
    assert [(each["version"], each["period"], each["reason"]) for each in found] == [(1, "quarter", "by quarter"), (2, "month", "by month")]


@pytest.mark.parametrize("body", [{"period": "lifetime", "reason": "r"}, {"period": "month", "reason": ""}, {"period": "month"}])
async def test_rules_when_they_make_no_sense_then_refused(operator: httpx2.AsyncClient, body: dict[str, str]) -> None:
    assert (await operator.post("/v1/statement-rules", json=body)).status_code == 422


async def test_document_when_read_then_canonical(operator: httpx2.AsyncClient, issued: None) -> None:
    (item, *_) = (await operator.get("/v1/statements")).json()["items"]
    content = (await operator.get(f"/v1/statements/{item['id']}")).content
    assert orjson.dumps(orjson.loads(content), option=orjson.OPT_SORT_KEYS) == content
