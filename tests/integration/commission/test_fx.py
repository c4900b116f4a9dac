"""Exchange rates: recorded once for each pair and day; a deal without one waits, shows why, and goes on by itself."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.commission.use_cases.audit import audit
from services.commission.use_cases.replay import Asked, Replay
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import NOW, closed, partner, refunded, reopened, rows, take_in

TODAY = NOW.date().isoformat()
ENTRIES = "select kind, amount_minor, revenue_minor, currency from entries order by seq"


def _rate(rate: str = "1.10", **changed: Any) -> dict[str, Any]:
    return {"from": "EUR", "to": "USD", "date": TODAY, "rate": rate, "source": "ECB", **changed}


async def _ok(commission: Service) -> bool:
    async with commission.platform.worker_database.transaction() as uow:
        return (await audit(uow)).ok


async def test_deal_when_its_rate_is_missing_then_it_waits_with_its_reason_and_goes_on_by_itself_with_its_refund_behind_it(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 100_00, currency="EUR"), refunded(1, 50_00, currency="EUR"), closed(2, 10_00))
    assert await rows(commission, ENTRIES) == [("accrual", 1_50, 10_00, "USD")]
    waiting = (await operator.get("/v1/waiting")).json()["items"]
    assert [(each["topic"], each["reason"]) for each in waiting] == [("deal.closed", "no_fx_rate"), ("deal.refunded", "deal_waiting")]
    assert waiting[0]["message"].startswith(f"There is no exchange rate from EUR to USD for {TODAY} yet")
    assert waiting[0]["waits_for"] == f"no_fx_rate:EUR:USD:{TODAY}"
    await commission.worker.timers.run_due()
    assert len(await rows(commission, ENTRIES)) == 1
    assert (await operator.post("/v1/rates", json=_rate())).status_code == 201
    await commission.worker.timers.run_due()
    assert await rows(commission, ENTRIES) == [
        ("accrual", 1_50, 10_00, "USD"),
        ("accrual", 16_50, 110_00, "USD"),
        ("reversal", -8_25, -55_00, "USD"),
    ]
    assert (await operator.get("/v1/waiting")).json()["items"] == []
    assert await _ok(commission)


async def _refused(service: Service) -> list[tuple[Any, ...]]:
    return await rows(service, "select type, code from refusals order by type")


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 1, 3), (3, 2, 1, 0), (3, 0, 2, 1), (0, 3, 1, 2)])
async def test_deal_when_undone_while_it_waits_then_the_next_close_counts_and_nothing_waits_on(
    commission: Service, operator: httpx2.AsyncClient, order: tuple[int, ...]
) -> None:
    events = [
        closed(1, 100_00, currency="EUR"),
        refunded(1, 50_00, currency="EUR"),
        reopened(1),
        closed(1, 80_00, close_number=2),
    ]
    for at in order:
        await take_in(commission, events[at], closed(2, 10_00, currency="EUR"))
    assert await rows(commission, ENTRIES) == [("accrual", 12_00, 80_00, "USD")]
    assert await _refused(commission) == [("hansa.deal.closed.v1", "close_undone"), ("hansa.deal.refunded.v1", "close_undone")]
    waiting = (await operator.get("/v1/waiting")).json()["items"]
    assert {each["reason"] for each in waiting} == {"no_fx_rate"}
    assert len(waiting) == len(order)
    assert await _ok(commission)
    assert (await Replay(commission.platform.settings.worker_url, Asked()).run()).same


async def test_deal_when_its_rate_comes_after_its_close_was_undone_then_nothing_is_booked(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 100_00, currency="EUR"), reopened(1))
    await operator.post("/v1/rates", json=_rate())
    await commission.worker.timers.run_due()
    assert await rows(commission, ENTRIES) == []
    assert await rows(commission, "select standing, close_number from deals") == [("reopened", 1)]
    assert await rows(commission, "select kind from journal where kind <> 'plan' order by seq") == [("abandoned",), ("rate",)]
    assert await _ok(commission)


async def test_deal_when_its_rate_is_on_record_then_it_is_figured_at_once_and_explained(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await operator.post("/v1/rates", json=_rate("1.25"))
    await take_in(commission, closed(1, 80_00, currency="EUR"))
    (entry,) = (await operator.get("/v1/entries")).json()["items"]
    assert (entry["amount"], entry["revenue"]) == (
        {"amount_minor": 15_00, "currency": "USD"},
        {"amount_minor": 100_00, "currency": "USD"},
    )
    told = (await operator.get(f"/v1/entries/{entry['id']}/explain")).json()
    assert "1.25" in json.dumps(told)
    assert "ECB" in json.dumps(told)
    assert await _ok(commission)


async def test_deal_when_only_another_day_or_pair_has_a_rate_then_it_waits_on(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00, currency="EUR"))
    yesterday = (NOW - timedelta(days=1)).date().isoformat()
    for other in (_rate(date=yesterday), _rate(**{"from": "USD", "to": "EUR"}), _rate(**{"from": "GBP"})):
        assert (await operator.post("/v1/rates", json=other)).status_code == 201
    await commission.worker.timers.run_due()
    assert await rows(commission, ENTRIES) == []


async def test_rate_when_sent_again_then_unchanged_and_another_one_is_refused(commission: Service, operator: httpx2.AsyncClient) -> None:
    answers = [await operator.post("/v1/rates", json=_rate(rate)) for rate in ("1.10", "1.1", "1.11")]
    assert [answer.status_code for answer in answers] == [201, 200, 409]
    assert answers[2].json()["code"] == "fx_rate_exists"
    assert "from EUR to USD already (1.1, ECB)" in answers[2].json()["detail"]
    assert (await operator.post("/v1/rates", json=_rate(source="somebody else"))).json()["code"] == "fx_rate_exists"
    assert await rows(commission, "select count(*) from journal where kind = 'rate'") == [(1,)]


async def test_rate_when_two_are_recorded_at_once_then_one_stands(commission: Service, operator: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(operator.post("/v1/rates", json=_rate(f"1.{number}")) for number in range(1, 7)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    (kept,) = (await operator.get("/v1/rates")).json()["items"]
    assert [answer.json()["rate"] for answer in answers if answer.status_code == 201] == [kept["rate"]]


async def test_rates_when_imported_then_one_result_per_row_and_each_frees_its_deals(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    tomorrow = NOW + timedelta(days=1)
    await take_in(commission, closed(1, 100_00, currency="EUR"), closed(2, 100_00, currency="JPY", at=tomorrow))
    table = [
        "from,to,date,rate,source",
        f"EUR,USD,{TODAY},1.10,ECB",
        f"JPY,USD,{tomorrow.date()},0.0065,ECB",
        f"EUR,USD,{TODAY},1.10,ECB",
        f"EUR,USD,{TODAY},1.20,ECB",
        f"EUR,USD,{TODAY},-1,ECB",
        f"EUR,USD,{TODAY},0,ECB",
        f"EUR,XXX,{TODAY},1,ECB",
        f"EUR,EUR,{TODAY},1,ECB",
        "EUR,USD,soon,1,ECB",
    ]
    answer = await operator.post("/v1/rates/imports", content="\n".join(table), headers={"content-type": "text/csv"})
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [(each["line"], each["result"], each["code"]) for each in results] == [
        (2, "recorded", None),
        (3, "recorded", None),
        (4, "unchanged", None),
        (5, "refused", "fx_rate_exists"),
        (6, "refused", "row_invalid"),
        (7, "refused", "rate_invalid"),
        (8, "refused", "currency_unknown"),
        (9, "refused", "rate_invalid"),
        (10, "refused", "row_invalid"),
    ]
    await commission.worker.timers.run_due()
    # 10,000 yen have no decimals: 65 dollars.
    assert sorted(await rows(commission, ENTRIES)) == [("accrual", 9_75, 65_00, "USD"), ("accrual", 16_50, 110_00, "USD")]
    assert await _ok(commission)


@pytest.mark.parametrize("body", ["", "from,to\nEUR,USD\n", b"from,to,date,rate,source\n\xff,USD,2026-01-01,1,x\n"])
async def test_rates_when_the_file_cannot_be_read_then_refused_whole(operator: httpx2.AsyncClient, body: str | bytes) -> None:
    answer = await operator.post("/v1/rates/imports", content=body, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (422, "rates_unreadable")


async def test_rates_when_there_are_too_many_then_refused_whole(operator: httpx2.AsyncClient) -> None:
    body = "from,to,date,rate,source\n" + "EUR,USD,2026-01-01,1,x\n" * 5_001
    answer = await operator.post("/v1/rates/imports", content=body, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_rows")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"rate": "0"}, "rate_invalid"),
        ({"to": "EUR"}, "rate_invalid"),
        ({"rate": "1,1"}, "invalid_request"),
        ({"from": "XXX"}, "currency_unknown"),
        ({"source": ""}, "invalid_request"),
    ],
)
async def test_rate_when_it_cannot_be_one_then_refused(operator: httpx2.AsyncClient, changed: dict[str, Any], code: str) -> None:
    answer = await operator.post("/v1/rates", json=_rate(**changed))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_rates_when_listed_then_by_pair_and_day_in_pages(operator: httpx2.AsyncClient) -> None:
    days = [(NOW + timedelta(days=number)).date().isoformat() for number in range(3)]
    for day in days:
        await operator.post("/v1/rates", json=_rate(date=day))
    await operator.post("/v1/rates", json=_rate(**{"from": "GBP"}))
    first = (await operator.get("/v1/rates", params={"limit": 2, "from": "EUR"})).json()
    second = (await operator.get("/v1/rates", params={"limit": 2, "from": "EUR", "next": first["next"]})).json()
    assert [item["date"] for item in (*first["items"], *second["items"])] == days
    assert [item["from"] for item in (await operator.get("/v1/rates", params={"date": TODAY})).json()["items"]] == ["EUR", "GBP"]


async def test_rate_when_a_partner_would_record_one_then_out_of_scope(stage: Stage, commission: Service) -> None:
    client = stage.client(commission, role="partner", partner_id=partner(1))
    assert (await client.post("/v1/rates", json=_rate())).json()["code"] == "scope_missing"
    assert (await client.get("/v1/rates")).status_code == 200
