"""Commission earned on invoices or cash: in parts, after refunds, across closes, never on more than was sold."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import httpx2
import orjson
import pytest

from services.commission.use_cases.audit import audit
from services.commission.use_cases.record_cash import tell
from shared.chassis.events.incoming import Raw
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.commission.facts import NOW, amended, closed, deal, refunded, reopened, rows, take_in

TODAY = NOW.date().isoformat()
ENTRIES = "select kind, amount_minor, reason from entries order by seq"
_numbers = count(5_000_000)


async def _earned_on(operator: httpx2.AsyncClient, what: str, rate: str = "0.10") -> None:
    """From today on commission is earned on invoices or on cash."""
    version = {"effective_from": TODAY, "earned_on": what, "brackets": [{"from": "0", "to": None, "rate": rate}]}
    answer = await operator.post("/v1/plans", json={"document": {"currency": "USD", "versions": [version]}, "reason": "cash counts"})
    assert answer.status_code == 201


async def _send(operator: httpx2.AsyncClient, path: str, reference: str, amount: str, *, number: int = 1, **changed: Any) -> None:
    body = {"reference": reference, "amount": amount, "currency": "USD", "at": NOW.isoformat(), "deal_id": str(deal(number)), **changed}
    assert (await operator.post(f"/v1/{path}", json=body)).status_code in {200, 201}


async def _spread(commission: Service) -> None:
    """Tell what is left to tell, and hand every document's event to the consumer, as the broker would (those before come again)."""
    async with commission.platform.worker_database.transaction() as uow:
        await tell(uow)
    found = await rows(
        commission, "select aggregatetype, aggregateid, payload, headers from outbox where type ~ 'invoiced|paid' order by id"
    )
    raws = [_raw(*row) for row in found]
    if raws:
        await commission.worker.processor.process(raws)


def _raw(topic: str, key: str, payload: str, headers: str) -> Raw:
    packed = tuple((name, str(value).encode()) for name, value in orjson.loads(headers).items())
    return Raw(topic, 0, next(_numbers), key.encode(), payload.encode(), packed)


async def _standing(operator: httpx2.AsyncClient, path: str) -> list[tuple[str, str, str | None]]:
    items = (await operator.get(f"/v1/{path}", params={"limit": 250})).json()["items"]
    return [(item["reference"], item["state"], item["reason"]) for item in items]


async def _amounts(commission: Service) -> list[int]:
    return [amount for _, amount, _ in await rows(commission, ENTRIES)]


async def _ok(commission: Service) -> None:
    async with commission.platform.worker_database.transaction() as uow:
        found = await audit(uow)
    assert found.ok, found


@pytest.mark.parametrize(("what", "path", "reason"), [("invoiced", "invoices", "not_invoiced_yet"), ("paid", "payments", "not_paid_yet")])
async def test_deal_when_earned_in_parts_then_each_part_accrues_and_the_whole_is_the_schedules(
    commission: Service, operator: httpx2.AsyncClient, what: str, path: str, reason: str
) -> None:
    await _earned_on(operator, what)
    await take_in(commission, closed(1, 1_000_00))
    assert await rows(commission, ENTRIES) == [("accrual", 0, reason)]
    for reference, amount in (("R-1", "333.33"), ("R-2", "333.33"), ("R-3", "333.34")):
        await _send(operator, path, reference, amount)
        await _spread(commission)
    amounts = await _amounts(commission)
    assert (len(amounts), sum(amounts)) == (4, 100_00)
    assert [state for _, state, _ in await _standing(operator, path)] == ["booked"] * 3
    await _ok(commission)


async def test_document_when_it_goes_beyond_what_was_sold_then_refused_with_a_sentence_and_the_rest_stands(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await _earned_on(operator, "paid")
    await take_in(commission, closed(1, 100_00))
    await _send(operator, "payments", "P-1", "60.00")
    await _send(operator, "payments", "P-2", "40.01")
    await _send(operator, "payments", "P-3", "40.00")
    await _spread(commission)
    standing = await _standing(operator, "payments")
    assert standing == [("P-1", "booked", None), ("P-2", "refused", "payment_exceeds_sale"), ("P-3", "booked", None)]
    (refused,) = (await operator.get("/v1/payments", params={"state": "refused"})).json()["items"]
    assert refused["message"].startswith("No more than what was sold can be paid")
    assert await _amounts(commission) == [0, 6_00, 4_00]
    await _ok(commission)


async def test_invoice_when_it_goes_beyond_what_was_sold_then_refused(commission: Service, operator: httpx2.AsyncClient) -> None:
    await _earned_on(operator, "invoiced")
    await take_in(commission, closed(1, 100_00))
    await _send(operator, "invoices", "I-1", "100.01")
    await _spread(commission)
    assert await _standing(operator, "invoices") == [("I-1", "refused", "invoice_exceeds_sale")]


async def test_document_when_the_plan_earns_on_something_else_then_booked_without_effect(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await _earned_on(operator, "paid")
    await take_in(commission, closed(1, 100_00))
    await _send(operator, "invoices", "I-1", "100.00")
    await _spread(commission)
    assert await _standing(operator, "invoices") == [("I-1", "booked", None)]
    assert await _amounts(commission) == [0]
    await _ok(commission)


async def test_refund_when_cash_came_in_parts_then_it_takes_back_what_is_not_covered_any_more(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await _earned_on(operator, "paid")
    await take_in(commission, closed(1, 100_00))
    await _send(operator, "payments", "P-1", "30.00")
    await _send(operator, "payments", "P-2", "50.00")
    await _spread(commission)
    await take_in(commission, refunded(1, 20_00))
    assert sum(await _amounts(commission)) == 6_00, "80 came in and 20 went back"
    await take_in(commission, refunded(1, 80_00))
    assert sum(await _amounts(commission)) == 0
    await _ok(commission)


async def test_document_when_it_comes_before_its_deal_then_it_waits_and_is_booked_behind_it(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await _earned_on(operator, "invoiced")
    await _send(operator, "invoices", "I-1", "100.00")
    await _spread(commission)
    assert await _standing(operator, "invoices") == [("I-1", "waiting", "deal_unknown")]
    await take_in(commission, closed(1, 100_00))
    await _spread(commission)
    assert await _standing(operator, "invoices") == [("I-1", "booked", None)]
    assert await _amounts(commission) == [0, 10_00]


async def test_document_when_its_deal_waits_for_a_rate_then_it_waits_behind_it_and_both_go_on(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await _earned_on(operator, "paid")
    await take_in(commission, closed(1, 100_00, currency="EUR"))
    await _send(operator, "payments", "P-1", "100.00", currency="EUR")
    await _spread(commission)
    assert await _standing(operator, "payments") == [("P-1", "waiting", "deal_waiting")]
    rate = {"from": "EUR", "to": "USD", "date": TODAY, "rate": "1.10", "source": "ECB"}
    assert (await operator.post("/v1/rates", json=rate)).status_code == 201
    await commission.worker.timers.run_due()
    assert await _standing(operator, "payments") == [("P-1", "booked", None)]
    assert await _amounts(commission) == [0, 11_00]
    await _ok(commission)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ([closed(1, 100_00), reopened(1)], "close_undone"),
        ([closed(1, 100_00, currency="EUR")], "currency_mismatch"),
    ],
    ids=["reopened", "currency"],
)
async def test_document_when_its_close_does_not_stand_or_is_in_another_currency_then_refused(
    commission: Service, operator: httpx2.AsyncClient, facts: Sequence[Any], code: str
) -> None:
    await _earned_on(operator, "paid")
    rate = {"from": "EUR", "to": "USD", "date": TODAY, "rate": "1.10", "source": "ECB"}
    await operator.post("/v1/rates", json=rate)
    await take_in(commission, *facts)
    await _send(operator, "payments", "P-1", "50.00", close_number=1)
    await _spread(commission)
    assert await _standing(operator, "payments") == [("P-1", "refused", code)]


async def test_cash_when_the_deal_is_amended_then_it_counts_for_the_new_terms(commission: Service, operator: httpx2.AsyncClient) -> None:
    await _earned_on(operator, "paid")
    await take_in(commission, closed(1, 100_00))
    await _send(operator, "payments", "P-1", "50.00")
    await _spread(commission)
    await take_in(commission, amended(1, 80_00))
    assert sum(await _amounts(commission)) == 5_00
    await _send(operator, "payments", "P-2", "30.01")
    await _send(operator, "payments", "P-3", "30.00")
    await _spread(commission)
    assert [state for _, state, _ in await _standing(operator, "payments")] == ["booked", "refused", "booked"]
    assert sum(await _amounts(commission)) == 8_00
    await _ok(commission)


async def test_invoice_when_sent_to_a_running_service_then_it_comes_back_over_kafka_and_is_booked(stage: Stage) -> None:
    commission = await stage.launch("commission")
    operator = stage.client(commission)
    await _earned_on(operator, "invoiced")
    await take_in(commission, closed(1, 100_00))
    await _send(operator, "invoices", "I-1", "40.00")

    async def booked() -> bool:
        return await _standing(operator, "invoices") == [("I-1", "booked", None)]

    await eventually(booked)
    assert await _amounts(commission) == [0, 4_00]
