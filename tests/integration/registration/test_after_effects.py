"""What one part of registration leaves behind in another: each of these was left wrong once, and found by the crowd."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.values import AccountId, DealId, Standing
from services.registration.store import accounts, deals
from services.registration.use_cases.change import Target
from services.registration.use_cases.reopen import reopen
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.court import CLAUSE, Court
from tests.integration.registration.intake_world import put
from tests.integration.registration.test_coselling import Cosell
from tests.integration.registration.world import World

DAY = timedelta(days=1)
WHY = {"reason": "looked it up"}


@pytest.fixture
async def world(stage: Stage) -> Cosell:
    world = await Cosell.open(stage)
    assert isinstance(world, Cosell)
    return world


async def change(world: World, account_id: str, verb: str, **body: Any) -> httpx2.Response:
    answer = await world.staff.post(f"/v1/accounts/{account_id}/{verb}", json=WHY | body)
    assert answer.status_code in {200, 201}, answer.text
    return answer


async def complained(world: World, *deal_ids: str) -> dict[str, Any]:
    """A conflict over these deals with the rival as a side, mediated."""
    opened = (await world.staff.post("/v1/conflicts", json={"deal_ids": deal_ids, "text": "It was theirs."})).json()
    if str(world.rival_id) not in {side["partner_id"] for side in opened["sides"]}:
        await Court(world).do(opened, "sides", partner_id=str(world.rival_id))
    return await Court(world).to_decision(opened)


async def handed_over(world: World, deal: dict[str, Any]) -> None:
    """The deal goes to the rival."""
    conflict = await complained(world, deal["id"])
    await Court(world).do(conflict, "decide", outcome="reassign", deal_id=deal["id"], to_partner_id=str(world.rival_id), **CLAUSE)


# Accounts


async def test_register_when_a_parent_is_one_in_two_ways_then_put_up_once_with_both_reasons(world: Cosell) -> None:
    parent = await world.registered(account_name="Zebra Works", account_domain=None)
    child = await world.registered(world.rival, account_name="Quagga Tools", account_domain=None, families=["MG"])
    for kind in ("subsidiary", "brand"):
        await change(world, child["account_id"], "links", parent_id=parent["account_id"], kind=kind, source="register")
    await world.registered(world.rival, account_name="Quagga Tools", account_domain=None)
    [review] = (await world.staff.get("/v1/reviews")).json()["items"]
    [like] = review["likenesses"]
    assert sorted(like["reasons"]) == ["brand of Zebra Works", "subsidiary of Zebra Works"]


async def test_review_when_those_it_shows_were_merged_one_by_one_then_it_is_answered(world: Cosell) -> None:
    names = ("Nordlicht Optik GmbH", "Nordlicht Optik AG", "Nordlciht Optik")
    families = (["A"], ["B"], ["C"])
    deals = [await world.registered(account_name=name, account_domain=None, families=of) for name, of in zip(names, families, strict=True)]
    ids = [deal["account_id"] for deal in deals]
    assert {len(review["likenesses"]) for review in (await world.staff.get("/v1/reviews")).json()["items"]} == {1, 2}
    for gone in ids[1:]:
        await change(world, gone, "merge", into=ids[0])
    assert (await world.staff.get("/v1/reviews")).json()["items"] == []


async def test_conflict_when_its_customer_is_merged_or_split_then_staff_reads_where_its_deals_are(world: Cosell) -> None:
    deal = await world.registered(account_domain=None)
    other = await world.registered(account_name="Zebra Works", account_domain=None, families=["MG"])
    conflict = await complained(world, deal["id"])
    await change(world, deal["account_id"], "merge", into=other["account_id"])
    assert (await Court(world).read(conflict))["staff"]["account_id"] == other["account_id"]
    named = [{"kind": "name", "value": "acme holding|DE"}]
    split = await change(world, other["account_id"], "split", identifiers=named, deal_ids=[deal["id"]])
    [listed] = await Court(world).conflicts()
    assert listed["staff"]["account_id"] == split.json()["id"]


async def test_names_when_somebody_else_enters_one_of_them_first_then_the_others_do_not_stick_to_the_account(world: Cosell) -> None:
    """A registration that turns out to name two companies is refused, and must leave nothing on either."""
    deal = await world.registered(account_domain=None)
    other = await world.registered(account_name="Zebra Works", account_domain="zebra.com")
    free, taken = Identifier(IdentifierKind.TAX, "DE123456789"), Identifier(IdentifierKind.DOMAIN, "zebra.com")
    mine = AccountId(UUID(deal["account_id"]))
    async with world.service.platform.worker_database.transaction() as uow:
        await accounts.lock(uow, [mine])
        assert not await accounts.add(uow, [], {free: mine, taken: mine})
    found = await world.rows("select kind, value, account_id from account_identifiers where kind in ('tax', 'domain')")
    assert [tuple(map(str, row)) for row in found] == [("domain", "zebra.com", other["account_id"])]


# Registrations


async def test_quota_when_a_former_partner_works_again_then_what_was_reopened_meanwhile_counts(world: Cosell) -> None:
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    await world.heard(world.partner_id, Standing.TERMINATED, sequence=2)
    await world.done(deal, "reopen", reason="the CRM says so")
    await world.heard(world.partner_id, sequence=3)
    await world.policy(open_registrations_limit=1)
    refused = await world.register(account_name="Zebra Works", account_domain=None)
    assert refused.json()["code"] == "quota_reached"


async def test_quota_when_a_deal_is_being_reopened_as_its_partner_works_again_then_it_counts(world: Cosell) -> None:
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    await world.heard(world.partner_id, Standing.TERMINATED, sequence=2)
    async with world.service.platform.worker_database.transaction() as uow:
        await reopen(uow, Target(UUID(deal["id"])), reason="the CRM says so")
        await uow.flush()
        hearing = asyncio.create_task(world.heard(world.partner_id, sequence=3))
        await eventually(lambda: waits(world))
    await hearing
    assert await world.rows("select open_deals from registration_quotas where partner_id = $1", world.partner_id) == [(1,)]


async def waits(world: World) -> bool:
    """Whether somebody waits for a lock."""
    return bool(await world.rows("select 1 from pg_locks where not granted"))


@pytest.mark.parametrize("how", ["decided", "merged"])
async def test_extension_when_what_it_would_prolong_is_taken_away_then_nobody_has_to_decide_about_it(world: Cosell, how: str) -> None:
    rival = await world.registered(world.rival, account_name="Zebra Works", account_domain=None)
    deal = await world.registered()
    world.stage.clock.advance(29 * DAY)
    await world.done(deal, "request-extension", by=world.partner)
    if how == "decided":
        await Court(world).do(await complained(world, deal["id"]), "decide", outcome="end_protection", deal_id=deal["id"], **CLAUSE)
    else:
        await change(world, deal["account_id"], "merge", into=rival["account_id"], keep={"deal_ids": [rival["id"]]})
    [asked] = (await world.partner.get("/v1/extensions")).json()["items"]
    assert asked["state"] == "lapsed"


async def test_review_when_its_opportunity_goes_to_another_partner_then_a_person_decides_as_about_all_that_is_in_the_queue(
    world: Cosell,
) -> None:
    await world.policy(approval={"mode": "manual"}, on_owner_change="follow")
    deal = await world.registered()
    at = world.stage.clock.now().isoformat()
    row = {"source": "crm", "external_id": "O1", "account_name": "Acme Holding", "country": "DE", "families": ["GTX"], "stage": "open"}
    row |= {"engaged_at": at, "source_version": 1, "partner_id": str(world.partner_id)}
    assert (await put(world, row | {"origin": f"hansa:{deal['id']}@1"})).status_code == 200
    answer = await put(world, row | {"source_version": 2, "partner_id": str(world.rival_id)})
    assert answer.json()["code"] == "partner_changed"
    [queued] = (await world.staff.get("/v1/approvals")).json()["items"]
    assert (queued["deal_id"], queued["state"]) == (deal["id"], "in_review")
    assert (await world.staff.get(f"/v1/deals/{deal['id']}")).json()["state"] == "in_review"


async def test_queue_when_a_review_is_late_and_somebody_decides_it_then_the_timer_waits_for_nobody(world: Cosell) -> None:
    await world.policy(approval={"mode": "manual", "escalate_to": "head of channel"})
    deal = await world.registered()
    world.stage.clock.advance(7 * DAY)
    [timer] = [timer for timer in world.service.timers if timer.name == "chase reviews"]
    async with world.service.platform.worker_database.transaction() as uow:
        await deals.one(uow, DealId(UUID(deal["id"])))
        async with world.service.platform.worker_database.transaction() as chasing:
            assert await timer.run(chasing) == 0
    async with world.service.platform.worker_database.transaction() as uow:
        assert await timer.run(uow) == 1


# Reassigned deals


async def test_reassigned_when_the_former_partner_had_an_agreement_then_the_new_one_makes_its_own_and_reads_nothing_of_that(
    world: Cosell,
) -> None:
    deal = await world.registered()
    third = UUID(int=3)
    await world.heard(third)
    agreement = await world.signed(deal, "0.5", "0.5")
    step = {"title": "call their buyer", "due_on": "2026-04-01"}
    assert (await world.partner.post(f"/v1/coselling/{agreement['id']}/plan", json=step)).status_code == 201
    await handed_over(world, deal)
    parties = [{"partner_id": str(who), "role": "r", "share": "0.5"} for who in (world.rival_id, third)]
    answer = await world.rival.post("/v1/coselling", json={"deal_id": deal["id"], "parties": parties})
    assert answer.status_code == 201, answer.text
    proposed = answer.json()
    client = world.stage.client(world.service, role="partner", partner_id=third)
    for side in (world.staff, world.rival, client):
        assert (await world.sign(proposed, side)).status_code == 200
    assert (await world.rival.get(f"/v1/coselling/{proposed['id']}/plan")).json() == {"steps": []}
    won = await world.done(deal, "close", by=world.rival, outcome="won", amount="10.00")
    assert {credit["partner_id"] for credit in won["terms"]["credits"]} == {str(world.rival_id), str(third)}


async def test_reassigned_when_another_conflict_is_open_about_the_deal_then_its_new_partner_is_a_side_of_it(world: Cosell) -> None:
    deal = await world.registered()
    other = (await world.staff.post("/v1/conflicts", json={"deal_ids": [deal["id"]], "kind": "territory_breach", "text": "x"})).json()
    await handed_over(world, deal)
    told = [event["partner_id"] for event in await world.told_of("conflict.opened") if event["conflict_id"] == other["id"]]
    assert told == [str(world.partner_id), str(world.rival_id)]
    await Court(world).to_decision(other)
    await Court(world).do(other, "decide", outcome="end_protection", deal_id=deal["id"], **CLAUSE)
    sides = {side["partner_id"]: side["effect"] for side in (await Court(world).read(other))["sides"]}
    assert sides == {str(world.partner_id): "unchanged", str(world.rival_id): "protection_ended"}
