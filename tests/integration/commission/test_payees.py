"""Whom money goes to: kept sealed, changed by who may, and each partner's own alone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import partner, rows
from tests.integration.commission.finance import IBANS, Finance, ok, refused

BODY = {"name": "Acme GmbH", "currency": "EUR", "account": {"iban": "de89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX"}}
PATH = f"/v1/payees/{partner(1)}"


@pytest.fixture
async def finance(stage: Stage, commission: Service, clock: ManualClock) -> Finance:
    return Finance(stage, commission, clock)


async def test_account_when_kept_then_sealed_in_every_row_and_shown_by_its_end(finance: Finance, commission: Service) -> None:
    await finance.payee(1, iban=IBANS[0])
    await finance.earn(150_00)
    await finance.paid()
    kept = await rows(commission, "select account from payees union all select account from payouts")
    assert len(kept) == 2
    for (sealed,) in kept:
        assert IBANS[0].encode() not in bytes(sealed)
    texts = await rows(commission, "select payload from outbox union all select to_jsonb(k)::text from idempotency_keys k")
    assert all(IBANS[0] not in text for (text,) in texts)
    assert (await ok(finance.ann.get(PATH)))["account"] == "DE…3000"


async def test_payee_when_changed_then_by_who_read_it_last(finance: Finance) -> None:
    first = await finance.ann.put(PATH, json=BODY)
    assert (first.status_code, first.headers["etag"], first.json()["account"]) == (200, '"1"', "DE…3000")
    other = BODY | {"account": {"iban": IBANS[1]}}
    assert await refused(finance.ann.put(PATH, json=other)) == (428, "precondition_required")
    assert await refused(finance.ann.put(PATH, json=other, headers={"if-match": '"7"'})) == (412, "version_mismatch")
    changed = await finance.bob.put(PATH, json=other, headers={"if-match": '"1"'})
    assert (changed.headers["etag"], changed.json()["changed_by"]) == ('"2"', "bob")
    same = await finance.ann.put(PATH, json=other, headers={"if-match": '"2"'})
    assert (same.headers["etag"], same.json()["changed_by"]) == ('"2"', "bob")


@pytest.mark.parametrize(
    "changed",
    [
        {"account": {"iban": "DE89370400440532013001"}},
        {"account": {"iban": IBANS[0], "number": "12345678", "bic": "COBADEFFXXX"}},
        {"account": {}},
        {"account": {"number": "12345678"}},
        {"account": {"iban": IBANS[0], "bic": "COBA"}},
        {"account": {"iban": IBANS[0], "town": "Berlin"}},
        {"currency": "XXX"},
        {"name": "=HYPERLINK(1)"},
        {"name": "<b>"},
    ],
)
async def test_payee_when_a_bank_would_not_take_it_then_refused(finance: Finance, changed: dict[str, object]) -> None:
    assert await refused(finance.ann.put(PATH, json=BODY | changed)) == (422, "invalid_request")


async def test_account_when_there_is_no_key_then_refused(stage: Stage, clock: ManualClock) -> None:
    service = await stage.launch("commission", worker=False)
    finance = Finance(stage, service, clock)
    assert await refused(finance.ann.put(PATH, json=BODY)) == (409, "sealing_key_missing")


async def test_tax_form_when_it_ended_or_there_is_no_payee_then_refused(finance: Finance) -> None:
    form = {"form": "W-9", "until": (finance.clock.now() - timedelta(days=1)).date().isoformat()}
    await ok(finance.ann.put(PATH, json=BODY))
    assert await refused(finance.ann.put(f"{PATH}/tax-form", json=form)) == (422, "tax_form_expired")
    assert await refused(finance.ann.put(f"/v1/payees/{uuid4()}/tax-form", json={"form": "W-9"})) == (404, "not_found")
    assert await refused(finance.ann.put(f"/v1/payees/{uuid4()}/block", json={"reason": "x"})) == (404, "not_found")


async def test_partner_when_it_looks_after_itself_then_account_yes_tax_form_and_block_no(finance: Finance, stage: Stage) -> None:
    own = stage.client(finance.service, role="partner", partner_id=partner(1))
    await ok(own.put(PATH, json=BODY))
    for path, body in (("tax-form", {"form": "W-9"}), ("block", {"reason": None})):
        assert await refused(own.put(f"{PATH}/{path}", json=body)) == (403, "scope_missing")
    await finance.payee(2)
    assert await refused(own.put(f"/v1/payees/{partner(2)}", json=BODY, headers={"if-match": "*"})) == (404, "not_found")
    assert await refused(own.get(f"/v1/payees/{partner(2)}")) == (404, "not_found")
    assert [each["partner_id"] for each in (await ok(own.get("/v1/payees")))["items"]] == [str(partner(1))]


async def test_partner_when_it_reads_payouts_then_its_own_once_they_are_more_than_a_plan(finance: Finance, stage: Stage) -> None:
    for who in (1, 2):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    own = stage.client(finance.service, role="partner", partner_id=partner(1))
    batch = await finance.approved()
    mine, other = sorted(await finance.payouts(batch), key=lambda each: each["partner_id"] != str(partner(1)))
    assert (await ok(own.get("/v1/payouts")))["items"] == []
    assert await refused(own.get(f"/v1/payouts/{mine['id']}")) == (404, "not_found")
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert [each["id"] for each in (await ok(own.get("/v1/payouts")))["items"]] == [mine["id"]]
    assert (await ok(own.get(f"/v1/payouts/{mine['id']}")))["state"] == "in_payout"
    assert await refused(own.get(f"/v1/payouts/{other['id']}")) == (404, "not_found")
    for request in (own.get("/v1/payout-batches"), own.get(f"/v1/payout-batches/{batch}/export"), own.get("/v1/payout-rules")):
        assert await refused(request) == (403, "scope_missing")
    assert await refused(own.post(f"/v1/payout-batches/{batch}/confirm", json={})) == (403, "scope_missing")


async def test_lists_when_paged_then_each_comes_once(finance: Finance) -> None:
    for who in range(1, 6):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
        await finance.draft()
    for path in ("payees", "payout-batches", "payouts"):
        whole = (await ok(finance.ann.get(f"/v1/{path}", params={"limit": 250})))["items"]
        paged, cursor = [], None
        while True:
            answer = await ok(finance.ann.get(f"/v1/{path}", params={"limit": 2} | ({"next": cursor} if cursor else {})))
            paged += answer["items"]
            if not (cursor := answer.get("next")):
                break
        assert (paged, len(paged)) == (whole, 5)
