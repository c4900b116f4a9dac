"""Registrations that people decide: the queue, its limits, and what partners and rivals learn of it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registration.domain.values import PartnerId, Standing
from services.registration.store import partners
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

MANUAL: dict[str, Any] = {"approval": {"mode": "manual", "owner": "channel-emea", "escalate_to": "head-of-channel", "resubmissions": 1}}
WEEK = timedelta(days=7)


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(**MANUAL)
    return world


async def decide(world: World, deal: dict[str, Any], verb: str, **body: Any) -> dict[str, Any]:
    answer = await world.staff.post(f"/v1/approvals/{deal['id']}/{verb}", json=body)
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


async def record(world: World, deal: dict[str, Any]) -> dict[str, Any]:
    answer = await world.staff.get(f"/v1/approvals/{deal['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_submission_when_in_review_then_rivals_are_kept_out_and_it_is_in_the_queue(world: World) -> None:
    deal = await world.registered()
    assert (deal["state"], deal["phase"], deal["protected"]) == ("in_review", "in_review", True)
    assert (await world.register(world.rival)).json()["code"] == "account_taken"
    [(topic, sequence, event), _] = await world.events()
    assert (topic, sequence, event["blocks_until"]) == ("deal.submitted", 1, deal["protected_until"])
    [queued] = (await world.staff.get("/v1/approvals")).json()["items"]
    assert (queued["deal_id"], queued["owner"], queued["state"]) == (deal["id"], "channel-emea", "in_review")
    assert queued["due_at"] == deal["protected_until"]


async def test_approval_when_in_time_then_protected_from_receipt_for_thirty_days(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(timedelta(hours=1))
    approved = await decide(world, deal, "approve", note="known well")
    assert (approved["state"], approved["phase"], approved["version"]) == ("open", "protected", 2)
    assert approved["protected_from"] == deal["registered_at"]
    [event] = await world.told("deal.registered")
    assert (event["protected"], event["registered_at"]) == (True, deal["registered_at"])
    world.stage.clock.advance(timedelta(days=29))
    assert (await world.register(world.rival)).status_code == 409
    world.stage.clock.advance(timedelta(days=1))
    assert (await world.register(world.rival)).status_code == 201


async def test_approval_when_protection_starts_with_it_then_the_days_count_from_now(world: World) -> None:
    await world.policy(protection_starts="approval")
    deal = await world.registered()
    world.stage.clock.advance(timedelta(hours=5))
    approved = await decide(world, deal, "approve")
    assert approved["protected_until"] == (world.stage.clock.now() + timedelta(days=30)).isoformat().replace("+00:00", "Z")


async def test_approval_when_the_limit_passed_and_a_rival_came_then_refused_and_the_rival_keeps_it(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(WEEK)
    rivals = await world.registered(world.rival)
    late = await world.staff.post(f"/v1/approvals/{deal['id']}/approve", json={})
    assert (late.status_code, late.json()["code"]) == (409, "taken_meanwhile")
    assert (await decide(world, rivals, "approve"))["protected"]


async def test_return_when_asked_then_the_partner_reads_it_answers_and_goes_back_to_review(world: World) -> None:
    deal = await world.registered()
    await decide(world, deal, "return", asked="Who decides there?")
    seen = (await world.partner.get(f"/v1/deals/{deal['id']}")).json()
    assert (seen["phase"], seen["asked"]) == ("returned", "Who decides there?")
    again = await world.done(deal, "resubmit", by=world.partner, answer="Their CIO.", evidence="a visit", families=["GTX", "MG"])
    assert (again["state"], again["submissions"], again["families"]) == ("in_review", 2, ["GTX", "MG"])
    assert (await world.register(world.rival, families=["MG"])).json()["code"] == "account_taken"
    steps = (await record(world, deal))["steps"]
    assert [(each["step"], each["text"]) for each in steps][1:] == [("returned", "Who decides there?"), ("resubmitted", "Their CIO.")]
    await decide(world, deal, "return", asked="And when?")
    used_up = await world.step(deal, "resubmit", by=world.partner, answer="Soon.")
    assert (used_up.status_code, used_up.json()["code"]) == (409, "resubmissions_used")


async def test_resubmission_when_it_would_reach_into_a_rivals_deal_then_refused(world: World) -> None:
    deal = await world.registered()
    await world.registered(world.rival, families=["MG"])
    await decide(world, deal, "return", asked="?")
    answer = await world.step(deal, "resubmit", by=world.partner, answer="!", families=["GTX", "MG"])
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")


async def test_fields_when_in_review_then_locked(world: World) -> None:
    deal = await world.registered()
    for verb, body in (("close", {"outcome": "won", "amount": "5"}), ("stage", {"stage": "x"}), ("request-extension", {})):
        answer = await world.step(deal, verb, by=world.partner, **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "deal_not_open"), verb
    answer = await world.step(deal, "resubmit", by=world.partner, answer="x")
    assert answer.json()["code"] == "deal_not_returned"


async def test_rejection_when_decided_then_the_account_is_free_and_the_reason_told(world: World) -> None:
    deal = await world.registered()
    rejected = await decide(world, deal, "reject", reason="They bought elsewhere.")
    assert (rejected["phase"], rejected["protected"]) == ("rejected", False)
    assert (await world.told("deal.rejected"))[0]["reason"] == "They bought elsewhere."
    assert (await world.register(world.rival)).status_code == 201
    again = await world.staff.post(f"/v1/approvals/{deal['id']}/reject", json={"reason": "x"})
    assert again.json()["code"] == "deal_not_in_review"


async def test_queue_when_nobody_decides_then_reminded_once_then_escalated_once(world: World) -> None:
    deal = await world.registered()
    for _ in range(40):
        await world.due(after=timedelta(hours=4))
    late = await world.told("review.late")
    assert [(each["escalated"], each["owner"]) for each in late] == [(False, "channel-emea"), (True, "head-of-channel")]
    found = await record(world, deal)
    assert (found["owner"], found["overdue"]) == ("head-of-channel", True)
    [overdue] = (await world.staff.get("/v1/approvals", params={"overdue": True, "owner": "head-of-channel"})).json()["items"]
    assert overdue["deal_id"] == deal["id"]


async def test_queue_when_given_to_somebody_then_recorded(world: World) -> None:
    deal = await world.registered()
    answer = await world.staff.post(f"/v1/approvals/{deal['id']}/assign", json={"owner": "ada"})
    assert answer.json()["owner"] == "ada"
    assert (await record(world, deal))["steps"][-1]["step"] == "assigned"


async def test_queue_when_a_partner_asks_then_it_is_staffs_alone(world: World) -> None:
    deal = await world.registered()
    for path in ("/v1/approvals", f"/v1/approvals/{deal['id']}"):
        assert (await world.partner.get(path)).status_code == 403


async def test_withdrawal_when_in_review_then_out_of_the_queue_and_free(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "withdraw", by=world.partner, reason="a mistake")
    assert (await record(world, deal))["state"] == "withdrawn"
    assert (await world.register(world.rival)).status_code == 201


async def test_partnership_when_it_ends_then_what_is_in_review_ends_with_it(world: World) -> None:
    deal = await world.registered()
    await world.heard(world.partner_id, Standing.TERMINATED, sequence=2)
    assert (await record(world, deal))["state"] == "withdrawn"
    assert (await world.register(world.rival)).status_code == 201


async def test_quota_when_in_review_then_it_takes_a_place(world: World) -> None:
    await world.policy(open_registrations_limit=1)
    deal = await world.registered()
    assert (await world.register(account_name="Beta", account_domain="beta.com")).json()["code"] == "quota_reached"
    await decide(world, deal, "reject", reason="x")
    assert (await world.register(account_name="Beta", account_domain="beta.com")).status_code == 201


async def test_decisions_when_two_come_at_once_then_one_counts(world: World) -> None:
    deal = await world.registered()
    answers = await asyncio.gather(
        world.staff.post(f"/v1/approvals/{deal['id']}/approve", json={}),
        world.staff.post(f"/v1/approvals/{deal['id']}/reject", json={"reason": "x"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await world.told("deal.registered")) + len(await world.told("deal.rejected")) == 1


async def test_rules_when_they_look_at_tier_size_and_recognition_then_each_decides(world: World) -> None:
    rules = [
        {"name": "large", "then": "review", "min_amount": "100000"},
        {"name": "gold", "then": "approve", "tiers": ["gold"]},
        {"name": "new in DACH", "then": "approve", "territories": ["DACH"], "confidence": ["new"]},
    ]
    await world.policy(approval={"mode": "rules", "rules": rules})
    assert (await world.registered())["state"] == "open"
    assert (await world.registered(families=["MG"]))["state"] == "in_review"
    await heard_tier(world, world.partner_id, "gold")
    assert (await world.registered(families=["XL"]))["state"] == "open"
    assert (await world.registered(families=["L"], expected_amount="100000"))["state"] == "in_review"


async def heard_tier(world: World, partner_id: UUID, tier: str) -> None:
    async with world.service.platform.worker_database.transaction() as uow:
        await partners.learn_tier(uow, PartnerId(partner_id), tier, sequence=1)


async def test_evidence_when_the_programme_wants_it_then_refused_without(world: World) -> None:
    await world.policy(evidence_required=True)
    assert (await world.register()).json()["code"] == "evidence_missing"
    assert (await world.registered(evidence="two visits"))["evidence"] == "two visits"
