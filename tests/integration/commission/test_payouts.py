"""From payable to paid: batches with a second person's approval, failures that come back, refunds after payout that are carried."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.commission.store import payouts as stored_payouts
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated
from tests.integration.commission.facts import partner, refunded, rows, take_in
from tests.integration.commission.finance import IBANS, Finance, ok, refused


@pytest.fixture
async def finance(stage: Stage, commission: Service, clock: ManualClock) -> Finance:
    return Finance(stage, commission, clock)


async def test_batch_when_it_goes_through_its_life_then_money_moves_and_is_told(finance: Finance, commission: Service) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()
    assert await finance.balance() == (0, 150_00, 0, 0)
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert await finance.balance() == (0, 0, 150_00, 0)
    shown = await ok(finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"reference": "statement 7"}))
    assert await finance.balance() == (0, 0, 0, 150_00)
    assert (shown["state"], [(each["state"], each["count"], each["pays"]["amount_minor"]) for each in shown["payouts"]]) == (
        "settled",
        [("paid", 1, 150_00)],
    )
    assert {name: step["by"] for name, step in shown["steps"].items()} == {"drafted": "ann", "approved": "bob", "started": "ann"}
    told = await rows(
        commission,
        "select type, payload::jsonb#>>'{pays,amount_minor}', aggregateid from outbox where type like '%payout%' order by id",
    )
    key = str(partner(1))
    assert told == [("hansa.commission.payout_started.v1", "15000", key), ("hansa.commission.payout_paid.v1", "15000", key)]
    assert (await ok(finance.ann.get("/v1/audit")))["ok"]


async def test_approval_when_by_who_drafted_then_refused(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = (await finance.draft())["id"]
    assert await refused(finance.ann.post(f"/v1/payout-batches/{batch}/approve")) == (403, "same_person")
    assert await refused(finance.ann.post(f"/v1/payout-batches/{batch}/start")) == (409, "batch_in_other_state")


async def _sets_account(finance: Finance, person: str, who: int, iban: str) -> None:
    path = f"/v1/payees/{partner(who)}"
    version = (await finance.ann.get(path)).headers["etag"]
    body = {"name": f"Payee {who}", "currency": "USD", "account": {"iban": iban}}
    await ok(finance.person(person).put(path, json=body, headers={"if-match": version}))


async def test_approval_when_by_who_set_an_account_last_then_refused_and_another_person_may(finance: Finance) -> None:
    for who in (1, 2, 3):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    for who in (1, 2):
        await _sets_account(finance, "bob", who, IBANS[0])
    await _sets_account(finance, "carol", 2, IBANS[1])
    await ok(finance.bob.put(f"/v1/payees/{partner(3)}/tax-form", json={"form": "W-9"}))  # says nothing about where money goes
    batch = (await finance.draft())["id"]
    answer = await finance.bob.post(f"/v1/payout-batches/{batch}/approve")
    assert (answer.status_code, answer.json()["code"]) == (403, "payee_set_by_approver")
    assert "payouts concerned: 1" in answer.json()["detail"]
    assert not any(iban[-4:] in answer.text for iban in IBANS)
    assert (await ok(finance.ann.get(f"/v1/payout-batches/{batch}")))["state"] == "draft"
    await ok(finance.person("dora").post(f"/v1/payout-batches/{batch}/approve"))


async def test_account_when_its_approver_sets_it_after_the_approval_then_the_payout_is_skipped(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()
    await _sets_account(finance, "bob", 1, IBANS[2])
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert await finance.outcome(batch) == {partner(1): ("skipped", "payee_changed")}


async def test_approval_when_nothing_can_be_paid_then_refused(finance: Finance) -> None:
    await finance.earn(150_00)
    batch = (await finance.draft())["id"]
    assert await finance.outcome(batch) == {partner(1): ("skipped", "bank_details_missing")}
    assert await refused(finance.bob.post(f"/v1/payout-batches/{batch}/approve")) == (409, "batch_empty")


@pytest.mark.parametrize("step", ["approve", "start"])
async def test_step_when_two_people_take_it_at_once_then_once(finance: Finance, commission: Service, step: str) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = (await finance.draft())["id"] if step == "approve" else await finance.approved()
    people = [finance.bob, finance.person("eve"), finance.person("joe")]
    answers = await asyncio.gather(*(person.post(f"/v1/payout-batches/{batch}/{step}") for person in people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    moved = await rows(commission, "select count(*) from transfers where target = 'partner:in_payout'")
    assert moved == [(1 if step == "start" else 0,)]


async def test_drafts_when_two_are_made_at_once_then_no_balance_is_promised_twice(finance: Finance) -> None:
    for who in (1, 2):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    batches = await asyncio.gather(finance.draft(), finance.draft())
    assert sorted(sum(each["count"] for each in batch["payouts"]) for batch in batches) == [0, 2]


async def test_draft_when_the_same_request_comes_again_then_one_batch(finance: Finance, commission: Service) -> None:
    await finance.payee()
    await finance.earn(150_00)
    for _ in range(3):
        await ok(finance.ann.post("/v1/payout-batches", json={"currency": "USD"}, headers={"idempotency-key": "may"}))
    assert await rows(commission, "select count(*) from payout_batches") == [(1,)]


async def test_failure_when_told_then_payable_again_and_the_next_batch_carries_it(finance: Finance, commission: Service) -> None:
    for who in (1, 2):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    batch = await finance.started()
    first = next(each["id"] for each in await finance.payouts(batch) if each["partner_id"] == str(partner(1)))
    assert (await finance.fail(batch, first))["state"] == "started"
    assert await finance.outcome(batch) == {partner(1): ("failed", "AC04: the account was closed"), partner(2): ("in_payout", None)}
    assert await finance.balance() == (0, 150_00, 0, 0)
    assert (await ok(finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={})))["state"] == "settled"
    await finance.earn(30_00)
    again = await finance.paid()
    (carried,) = await finance.payouts(again)
    assert carried["amount"]["amount_minor"] == 180_00
    reasons = await rows(commission, "select payload::jsonb->>'reason' from outbox where type = 'hansa.commission.payout_failed.v1'")
    assert reasons == [("AC04: the account was closed",)]


async def test_failure_when_it_comes_after_the_confirmation_then_the_money_is_payable_again(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.paid()
    (payout,) = await finance.payouts(batch)
    await finance.fail(batch, payout["id"])
    assert await finance.balance() == (0, 150_00, 0, 0)
    again = finance.ann.post(f"/v1/payout-batches/{batch}/fail", json={"payouts": [{"payout_id": payout["id"], "reason": "again"}]})
    assert await refused(again) == (409, "payout_in_other_state")


async def test_refund_when_after_the_payout_then_a_negative_balance_is_carried_until_it_is_earned_back(
    finance: Finance, commission: Service
) -> None:
    await finance.payee()
    await finance.earn(150_00)
    await finance.paid()
    await take_in(commission, refunded(1, 1_000_00))
    assert await finance.balance() == (0, -150_00, 0, 150_00)
    batch = (await finance.draft())["id"]
    assert await finance.outcome(batch) == {partner(1): ("skipped", "negative_balance")}
    await finance.earn(300_00)
    (payout,) = await finance.payouts(await finance.paid())
    assert payout["amount"]["amount_minor"] == 150_00
    assert await finance.balance() == (0, 0, 0, 300_00)
    assert (await ok(finance.ann.get("/v1/audit")))["ok"]


async def test_balance_when_below_the_minimum_then_carried_until_it_reaches_it(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(45_00)
    batch = (await finance.draft())["id"]
    assert await finance.outcome(batch) == {partner(1): ("skipped", "below_minimum")}
    await finance.rules(minimum="60.00")
    await finance.earn(15_00)
    (payout,) = await finance.payouts(await finance.paid())
    assert payout["amount"]["amount_minor"] == 60_00


async def test_tax_form_when_missing_or_expired_then_blocked_unless_the_rules_do_not_ask(finance: Finance) -> None:
    await finance.payee(tax_form=None)
    await finance.earn(150_00)
    assert await finance.outcome((await finance.draft())["id"]) == {partner(1): ("skipped", "tax_form_missing")}
    until = (finance.clock.now() + timedelta(days=9)).date().isoformat()
    await ok(finance.ann.put(f"/v1/payees/{partner(1)}/tax-form", json={"form": "W-8BEN", "until": until}))
    batch = await finance.approved()
    finance.clock.set(finance.clock.now() + timedelta(days=10))
    assert (await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start")))["state"] == "settled"
    assert await finance.outcome(batch) == {partner(1): ("skipped", "tax_form_expired")}
    await finance.rules(tax_form_required=False)
    await finance.paid()
    assert await finance.balance() == (0, 0, 0, 150_00)


async def test_payee_when_staff_keep_its_money_back_then_skipped_until_they_do_not(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    await ok(finance.ann.put(f"/v1/payees/{partner(1)}/block", json={"reason": "under review"}))
    assert await finance.outcome((await finance.draft())["id"]) == {partner(1): ("skipped", "blocked")}
    await ok(finance.ann.put(f"/v1/payees/{partner(1)}/block", json={"reason": None}))
    await finance.paid()


async def test_partnership_when_suspended_or_ended_then_paid_as_the_rules_say(finance: Finance, commission: Service) -> None:
    await finance.payee()
    await finance.earn(150_00)
    now = finance.clock.now()
    common: dict[str, Any] = {"partner_id": partner(1), "occurred_at": now, "recorded_at": now}
    suspended = PartnerSuspended(**common, reason="audit")
    activated = PartnerActivated(**common, name="One", partner_type="channel", region="EMEA", enrolled_at=now)
    ended = PartnerTerminated(**common, reason="end of term")
    await _hear(commission, (suspended, 2), (activated, 1))
    assert await finance.outcome((await finance.draft())["id"]) == {partner(1): ("skipped", "partner_suspended")}
    await finance.rules(pay_terminated=False)
    await _hear(commission, (ended, 3))
    assert await finance.outcome((await finance.draft())["id"]) == {partner(1): ("skipped", "partner_terminated")}
    await finance.rules(pay_terminated=True)
    await finance.paid()
    assert await finance.balance() == (0, 0, 0, 150_00)


async def _hear(service: Service, *told: tuple[Any, int]) -> None:
    records = [record(Told(event, sequence), number=900_000 + sequence, service="partners") for event, sequence in told]
    await service.worker.processor.process(records)


async def test_start_when_the_balance_fell_since_the_draft_then_skipped_and_carried(finance: Finance, commission: Service) -> None:
    for who in (1, 2):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    batch = await finance.approved()
    await take_in(commission, refunded(1, 500_00))
    assert (await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start")))["state"] == "started"
    assert await finance.outcome(batch) == {partner(1): ("skipped", "balance_fell"), partner(2): ("in_payout", None)}
    (payout,) = await finance.payouts(await finance.started())
    assert payout["amount"]["amount_minor"] == 75_00


async def test_start_when_the_account_changed_since_the_draft_then_skipped(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()
    body = {"name": "Other", "currency": "USD", "account": {"iban": "GB29NWBK60161331926819"}}
    await ok(finance.ann.put(f"/v1/payees/{partner(1)}", json=body, headers={"if-match": "*"}))
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert await finance.outcome(batch) == {partner(1): ("skipped", "payee_changed")}
    assert await finance.balance() == (0, 150_00, 0, 0)


async def test_start_when_more_became_payable_since_the_draft_then_what_was_approved_is_paid(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()
    await finance.earn(60_00)
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert await finance.balance() == (0, 60_00, 150_00, 0)


async def test_start_when_it_breaks_off_halfway_then_nothing_moved_and_it_can_be_done_again(
    finance: Finance, commission: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the process ends here, after the money was booked")

    with monkeypatch.context() as patched:
        patched.setattr(stored_payouts, "start", broken)
        assert (await finance.ann.post(f"/v1/payout-batches/{batch}/start")).status_code == 500
    assert await finance.balance() == (0, 150_00, 0, 0)
    assert await rows(commission, "select 1 from journal where kind = 'booked'") == []
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert await finance.balance() == (0, 0, 150_00, 0)


async def test_confirmation_when_of_some_then_the_rest_stays_under_way(finance: Finance) -> None:
    for who in (1, 2):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    batch = await finance.started()
    first, second = (each["id"] for each in await finance.payouts(batch))
    shown = await ok(finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"payouts": [first]}))
    assert shown["state"] == "started"
    both = finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"payouts": [first, second]})
    assert await refused(both) == (409, "payout_in_other_state")
    unknown = finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"payouts": [batch]})
    assert await refused(unknown) == (404, "not_found")
    future = finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"paid_at": (finance.clock.now() + timedelta(1)).isoformat()})
    assert await refused(future) == (422, "invalid_request")
    beyond = finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={"paid_at": "0001-01-01T00:00:00+14:00"})
    assert await refused(beyond) == (422, "invalid_request")
    assert sorted([await finance.balance(1), await finance.balance(2)]) == [(0, 0, 0, 150_00), (0, 0, 150_00, 0)]


async def test_payout_of_an_entry_when_asked_for_then_the_next_that_went_out_after_it_was_payable(
    finance: Finance, commission: Service
) -> None:
    async def covering(since: datetime) -> str | None:
        async with commission.platform.worker_database.transaction() as uow:
            found = await stored_payouts.covering(uow, partner(1), "USD", payable_since=since)
            return str(found.payout.id) if found else None

    await finance.payee()
    await finance.earn(150_00)
    first_payable = finance.clock.now()
    batch = await finance.paid()
    (first,) = await finance.payouts(batch)
    await finance.earn(60_00)
    second_payable = finance.clock.now()
    assert (await covering(first_payable), await covering(second_payable)) == (first["id"], None)
    await finance.fail(batch, first["id"])
    assert await covering(first_payable) is None
    (second,) = await finance.payouts(await finance.started())
    assert (await covering(first_payable), await covering(second_payable)) == (second["id"], second["id"])


async def test_cancelled_batch_when_drafted_anew_then_its_balances_are_free(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()
    assert (await ok(finance.ann.post(f"/v1/payout-batches/{batch}/cancel")))["state"] == "cancelled"
    assert await refused(finance.ann.post(f"/v1/payout-batches/{batch}/start")) == (409, "batch_in_other_state")
    started = await finance.started()
    assert await refused(finance.ann.post(f"/v1/payout-batches/{started}/cancel")) == (409, "batch_in_other_state")


async def test_draft_when_there_are_more_than_the_most_then_the_next_takes_the_rest(finance: Finance) -> None:
    for who in (1, 2, 3):
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    await finance.rules(max_payouts=2)
    counts = [sum(each["count"] for each in (await finance.draft())["payouts"]) for _ in range(3)]
    assert counts == [2, 1, 0]
