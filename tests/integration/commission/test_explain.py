"""Explanations over HTTP: the event, the rule, the steps, the money's way, the deal's other entries; as data and as a page."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx2

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import closed, partner, refunded, rows, take_in
from tests.integration.commission.test_replay_streaming import _released


async def _refunded_after_release(service: Service, clock: ManualClock) -> tuple[str, str]:
    """An accrual whose hold ended, and the reversal of a part of it."""
    await take_in(service, closed(1, 250_000_00))
    clock.advance(timedelta(days=31))
    await _released(service)
    await take_in(service, refunded(1, 50_000_00))
    accrual, reversal = await rows(service, "select id::text from entries order by seq")
    return accrual[0], reversal[0]


async def test_explain_when_the_hold_ended_and_a_part_came_back_then_all_of_it_is_told(
    commission: Service, operator: httpx2.AsyncClient, clock: ManualClock
) -> None:
    accrual, reversal = await _refunded_after_release(commission, clock)

    told = (await operator.get(f"/v1/entries/{accrual}/explain")).json()

    assert sum(Decimal(step["amount"]) for step in told["steps"]) == Decimal(told["total"]) == Decimal("45000.00")
    assert [(moved["source"], moved["target"], moved["amount"]) for moved in told["movements"]] == [
        ("programme:expense", "partner:held", "45000.00"),
        ("partner:held", "partner:payable", "45000.00"),
    ]
    assert [(each["id"], each["amount"]) for each in told["deal"]] == [(accrual, "45000.00"), (reversal, "-9000.00")]
    assert told["stands"] == "36000.00"
    assert any(told["entry"]["event_id"] in sentence for sentence in told["sentences"])
    assert any("45,000.00 USD became payable" in sentence for sentence in told["sentences"])
    assert told["rule_text"][0] == "Version 1 of the plan holds from 2000-01-01."
    assert any("15 % from 0.00 USD; 20 % from 100,000.00 USD; 25 % from 500,000.00 USD" in sentence for sentence in told["rule_text"])


async def test_explain_when_a_payout_took_the_balance_along_then_it_is_named(
    commission: Service, operator: httpx2.AsyncClient, clock: ManualClock
) -> None:
    accrual, _ = await _refunded_after_release(commission, clock)
    payout = uuid4()
    values = f"'{payout}', gen_random_uuid(), '{partner(1)}', 'USD', 3600000, 'EUR', 3240000, '0.9', 'ECB', 'paid'"
    await rows(
        commission,
        "insert into payouts (id, batch_id, partner_id, currency, amount_minor, pays_currency, pays_minor, rate, rate_source, state,"
        f" drafted_at, started_at) values ({values}, now(), now() + interval '10 years')",
    )

    told = (await operator.get(f"/v1/entries/{accrual}/explain")).json()

    assert (told["payout"]["id"], told["payout"]["pays"]) == (str(payout), "32400.00 EUR")
    assert any(f"Payout {payout}" in sentence and "at 0.9 by ECB" in sentence for sentence in told["sentences"])


async def test_page_when_asked_then_plain_sentences_that_load_and_run_nothing(
    commission: Service, operator: httpx2.AsyncClient, clock: ManualClock
) -> None:
    accrual, _ = await _refunded_after_release(commission, clock)

    answer = await operator.get(f"/v1/entries/{accrual}/page")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "45000.00 USD: accrual" in answer.text
    assert "<script" not in answer.text


async def test_page_when_an_event_is_named_in_markup_then_it_is_shown_as_text(commission: Service, operator: httpx2.AsyncClient) -> None:
    await take_in(commission, closed(1, 100_00))
    await rows(commission, "update entries set fact_id = '<script>alert(1)</script>'")
    entry = (await rows(commission, "select id::text from entries"))[0][0]

    text = (await operator.get(f"/v1/entries/{entry}/page")).text

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


async def test_page_when_a_rival_asks_then_there_is_no_such_entry(stage: Stage, commission: Service) -> None:
    await take_in(commission, closed(1, 100_00))
    entry = (await rows(commission, "select id::text from entries"))[0][0]
    rival = stage.client(commission, role="partner", partner_id=partner(2))

    assert [(await rival.get(f"/v1/entries/{entry}/{path}")).status_code for path in ("page", "explain")] == [404, 404]


async def test_explain_when_a_deal_is_shared_then_a_beneficiary_reads_nothing_of_the_others(stage: Stage, commission: Service) -> None:
    await take_in(commission, closed(1, 100_00, shares={1: "0.5", 2: "0.5"}))
    entry = (await rows(commission, f"select id::text from entries where partner_id = '{partner(2)}'"))[0][0]
    client = stage.client(commission, role="partner", partner_id=partner(2))

    for path in ("page", "explain"):
        assert str(partner(1)) not in (await client.get(f"/v1/entries/{entry}/{path}")).text
