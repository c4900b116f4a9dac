"""What one part of registration does to another: each law holds also where a second part has its hand on the same deal."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registration.domain.values import Standing
from services.registration.store import accounts
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.court import CLAUSE, Court
from tests.integration.registration.test_coselling import Cosell
from tests.integration.registration.world import World

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
NORD: dict[str, Any] = {"account_name": "Nordlicht Optik GmbH", "account_domain": None, "country": "DE"}
LIKE_NORD = NORD | {"account_name": "Nordlciht Optik"}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


# Extensions beside renewals and reopenings


async def _asked_then_renewed(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    await world.policy(stages=["lead", "demo"], renew_on_stage_advance=True)
    deal = await world.registered()
    world.stage.clock.advance(29 * DAY)
    await world.done(deal, "request-extension", by=world.partner)
    return deal, await world.done(deal, "stage", by=world.partner, stage="demo")


async def test_request_when_an_advance_renewed_meanwhile_and_it_is_declined_then_the_renewal_stays(world: World) -> None:
    deal, renewed = await _asked_then_renewed(world)
    declined = await world.done(deal, "decline-extension", reason="no need")
    assert declined["protected_until"] == renewed["protected_until"]
    world.stage.clock.advance(29 * DAY)
    assert (await world.register(world.rival)).status_code == 409


async def test_request_when_an_advance_renewed_meanwhile_and_it_is_granted_then_it_prolongs_the_renewal(world: World) -> None:
    deal, renewed = await _asked_then_renewed(world)
    granted = await world.done(deal, "extend")
    assert granted["protected_until"] > renewed["protected_until"]


async def test_request_when_its_deal_is_lost_and_reopened_then_it_keeps_nobody_out_for_ever(world: World) -> None:
    """Asking, losing and reopening in turn would else hold an account for ever, and no one would have decided."""
    deal = await world.registered()
    world.stage.clock.advance(30 * DAY - TICK)
    for _ in range(4):
        await world.step(deal, "request-extension", by=world.partner)
        world.stage.clock.advance(4 * DAY)
        await world.step(deal, "close", by=world.partner, outcome="lost")
        await world.step(deal, "reopen", by=world.partner, reason="they called")
    assert not (await world.partner.get(f"/v1/deals/{deal['id']}")).json()["protected"]
    assert (await world.registered(world.rival))["protected"]


async def test_request_when_the_deal_closes_while_it_keeps_protection_then_the_win_is_a_protected_one(world: World) -> None:
    deal = await world.registered()
    world.stage.clock.advance(30 * DAY - TICK)
    await world.done(deal, "request-extension", by=world.partner)
    world.stage.clock.advance(2 * DAY)
    await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    [closed] = await world.told("deal.closed")
    assert closed["protected"]


async def test_request_when_a_sales_system_closes_the_deal_then_nobody_has_to_decide_about_it(world: World) -> None:
    row = {"source": "crm", "external_id": "O1", "partner_id": str(world.partner_id), "account_name": "Acme", "country": "DE"}
    row |= {"families": ["GTX"], "engaged_at": world.stage.clock.now().isoformat(), "stage": "open"}
    [taken] = await world.imported(row)
    deal = {"id": taken["deal_id"]}
    await world.done(deal, "request-extension", by=world.partner)
    world.stage.clock.advance(DAY)
    await world.imported(row | {"stage": "lost", "closed_at": world.stage.clock.now().isoformat()})
    [request] = (await world.staff.get("/v1/extensions", params={"deal_id": deal["id"]})).json()["items"]
    assert request["state"] == "lapsed"


# Standing


async def test_reopen_when_its_partner_is_suspended_then_it_wins_no_protection_back(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    await world.heard(world.partner_id, Standing.SUSPENDED, sequence=2)
    refused = await world.step(deal, "reopen", by=world.partner, reason="again")
    assert (refused.status_code, refused.json()["code"]) == (403, "partner_inactive")
    assert (await world.done(deal, "reopen", reason="the CRM says so"))["state"] == "open", "the vendor's records come first"


async def test_resubmission_when_its_partner_is_suspended_then_refused(world: World) -> None:
    await world.policy(approval={"mode": "manual"})
    deal = await world.registered()
    await world.staff.post(f"/v1/approvals/{deal['id']}/return", json={"asked": "Which products?"})
    await world.heard(world.partner_id, Standing.SUSPENDED, sequence=2)
    refused = await world.step(deal, "resubmit", by=world.partner, answer="These.")
    assert (refused.status_code, refused.json()["code"]) == (403, "partner_inactive")


# The waiting list beside doubts and one's own protection


async def test_offer_when_its_customer_is_in_doubt_then_a_person_looks_as_at_any_registration(world: World) -> None:
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    await world.registered(world.rival, **NORD, families=["MG"])
    doubted = await world.registered(world.rival, **LIKE_NORD)
    assert doubted["state"] == "in_review"
    assert (await world.register(**LIKE_NORD, wait=True)).status_code == 409
    await world.done(doubted, "withdraw", by=world.rival, reason="a mistake")
    await world.due()
    [place] = (await world.partner.get("/v1/waiting")).json()["items"]
    accepted = await world.partner.post(f"/v1/waiting/{place['id']}/accept")
    assert (accepted.status_code, accepted.json()["state"]) == (201, "in_review"), accepted.text


async def test_line_when_one_holds_the_account_oneself_then_one_does_not_stand_in_it(world: World) -> None:
    """Else what is kept for the next in line would prolong one's own protection."""
    await world.policy(waiting_list={"open": True, "offer_hours": 48}, cool_off_days=10)
    deal = await world.registered()
    assert (await world.register(wait=True)).json()["code"] == "account_taken"
    await world.done(deal, "withdraw", by=world.partner, reason="over")
    await world.due(after=TICK)
    assert (await world.registered(world.rival))["protected"], "nothing is kept for who had it"


# Drafts


@pytest.mark.parametrize("field", [{"registered_at": "2020-01-01T00:00:00Z"}, {"override": "because I say so"}])
async def test_draft_when_a_partner_writes_what_is_staffs_to_say_then_refused_and_staff_cannot_submit_it_unseen(
    world: World, field: dict[str, str]
) -> None:
    body = {"account_name": "Acme", "country": "DE", "families": ["GTX"]}
    refused = await world.partner.post("/v1/drafts", json=body | field)
    assert (refused.status_code, refused.json()["code"]) == (403, "staff_only")
    kept = (await world.partner.post("/v1/drafts", json=body)).json()
    changed = await world.partner.put(f"/v1/drafts/{kept['id']}", json=body | field, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["code"]) == (403, "staff_only")


# Silence


@pytest.fixture
async def quiet(world: World) -> World:
    await world.policy(quiet={"after_days": 7})
    return world


async def test_silence_when_the_review_took_longer_than_it_then_it_counts_from_the_approval(quiet: World) -> None:
    await quiet.policy(approval={"mode": "manual"}, review_limit_days=20)
    deal = await quiet.registered()
    quiet.stage.clock.advance(8 * DAY)
    answer = await quiet.staff.post(f"/v1/approvals/{deal['id']}/approve", json={"note": "fine"})
    assert answer.status_code == 200, answer.text
    await quiet.due(after=TICK)
    assert await quiet.told("deal.expired") == [], "nobody could speak of it before"
    await quiet.due(after=7 * DAY)
    assert [event["because"] for event in await quiet.told("deal.expired")] == ["quiet"]


async def test_silence_when_a_deal_was_reopened_then_it_counts_from_there(quiet: World) -> None:
    deal = await quiet.registered()
    await quiet.done(deal, "close", by=quiet.partner, outcome="lost")
    quiet.stage.clock.advance(8 * DAY)
    assert (await quiet.done(deal, "reopen", by=quiet.partner, reason="they called"))["protected"]
    await quiet.due(after=TICK)
    assert await quiet.told("deal.expired") == []


async def test_silence_when_an_extension_is_asked_for_then_it_was_heard_of(quiet: World) -> None:
    deal = await quiet.registered()
    quiet.stage.clock.advance(6 * DAY)
    await quiet.done(deal, "request-extension", by=quiet.partner, evidence="a meeting is set")
    await quiet.due(after=2 * DAY)
    assert await quiet.told("deal.expired") == []


# What a decision hands over


@pytest.fixture
async def court(stage: Stage) -> Court:
    return await Court.open(stage)


async def _handed_over(court: Court, deal: dict[str, Any]) -> dict[str, Any]:
    """The partner's deal goes to its rival."""
    world = court.world
    body = {"deal_ids": [deal["id"]], "text": "It was theirs."}
    opened = (await world.staff.post("/v1/conflicts", json=body)).json()
    await court.do(opened, "sides", partner_id=str(world.rival_id))
    await court.to_decision(opened)
    await court.do(opened, "decide", outcome="reassign", deal_id=deal["id"], to_partner_id=str(world.rival_id), **CLAUSE)
    answer = await world.rival.get(f"/v1/deals/{deal['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_reassigned_when_the_former_partner_wrote_about_its_sale_then_the_new_one_does_not_read_it(court: Court) -> None:
    deal = await court.world.registered(evidence="we met their buyer, Mrs Roth, on Monday")
    await court.world.done(deal, "stage", by=court.world.partner, stage="price agreed at 40000")
    now = await _handed_over(court, deal)
    assert (now["evidence"], now["stage"], now["lead_id"]) == (None, None, None)
    assert "Roth" not in str(now)


async def test_reassigned_when_an_extension_was_asked_for_then_it_lapses_and_tells_the_former_partner_nothing_later(court: Court) -> None:
    world = court.world
    deal = await world.registered()
    world.stage.clock.advance(29 * DAY)
    await world.done(deal, "request-extension", by=world.partner, evidence="a meeting is set")
    await _handed_over(court, deal)
    [former] = (await world.partner.get("/v1/extensions")).json()["items"]
    assert former["state"] == "lapsed"
    await world.done(deal, "request-extension", by=world.rival, evidence="our own meeting")
    await world.done(deal, "extend")
    assert (await world.partner.get("/v1/extensions")).json()["items"] == [former]
    [mine] = (await world.rival.get("/v1/extensions")).json()["items"]
    assert (mine["state"], mine["evidence"]) == ("granted", "our own meeting")


async def test_reassigned_when_the_former_partner_was_silent_then_the_new_one_has_its_time_to_speak(court: Court) -> None:
    await court.world.policy(quiet={"after_days": 7})
    deal = await court.world.registered()
    court.world.stage.clock.advance(7 * DAY - TICK)
    await _handed_over(court, deal)
    await court.world.due(after=2 * TICK)
    assert await court.world.told("deal.expired") == []


async def test_close_when_a_split_was_signed_and_another_decided_then_what_was_decided_stands(stage: Stage) -> None:
    world = await Cosell.open(stage)
    assert isinstance(world, Cosell)
    court = Court(world)
    deal = await world.registered()
    await world.signed(deal, "0.9", "0.1")
    opened = (await world.staff.post("/v1/conflicts", json={"deal_ids": [deal["id"]], "text": "Who found them?"})).json()
    await court.do(opened, "sides", partner_id=str(world.rival_id))
    await court.to_decision(opened)
    shares = [{"partner_id": str(world.partner_id), "share": "1/4"}, {"partner_id": str(world.rival_id), "share": "3/4"}]
    await court.do(opened, "decide", outcome="split", deal_id=deal["id"], credits=shares, **CLAUSE)
    await world.done(deal, "close", by=world.partner, outcome="won", amount="100.00")
    await world.done(deal, "amend", by=world.partner, amount="90.00", reason="a discount")
    assert [event["credits"] for topic in ("deal.closed", "deal.amended") for event in await world.told_of(topic)] == [shares, shares]
    await world.done(deal, "reopen", reason="the order was cancelled")
    await world.done(deal, "close", by=world.partner, outcome="won", amount="80.00")
    assert (await world.told_of("deal.closed"))[1]["credits"] == shares


# Who is the same customer


async def test_account_id_when_a_rival_had_the_account_first_then_it_tells_nobody_when(world: World) -> None:
    await world.registered(world.rival, families=["MG"])
    mine = await world.registered()
    assert UUID(mine["account_id"]).version == 4, "an id in order of time says when a rival registered"


async def test_merge_when_one_waits_on_both_and_is_offered_one_then_the_offer_stays_or_nothing_is_kept(world: World) -> None:
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    zebra = {"account_name": "Zebra Works", "account_domain": "zebra.com"}
    one = await world.registered(world.rival)
    await world.register(wait=True)
    other = await world.registered(world.rival, **zebra)
    world.stage.clock.advance(TICK)
    await world.register(**zebra, wait=True)
    await world.done(other, "withdraw", by=world.rival, reason="over")
    await world.due(after=TICK)
    await world.done(one, "withdraw", by=world.rival, reason="over")
    merged = {"into": one["account_id"], "reason": "one company"}
    answer = await world.staff.post(f"/v1/accounts/{other['account_id']}/merge", json=merged)
    assert answer.status_code == 200, answer.text
    kept = {row[0] for row in await world.rows("select deal_id from protection_slots where upper(during) > $1", world.stage.clock.now())}
    offered = {row[0] for row in await world.rows("select id from waiting_list where state = 'offered'")}
    assert kept == offered


# Locks


async def test_reopen_when_it_waits_for_its_account_then_it_holds_no_place_that_others_wait_for(world: World) -> None:
    """Deals, accounts, quotas: who takes them in another order kills somebody who registers."""
    deal = await world.registered()
    await world.done(deal, "close", by=world.partner, outcome="lost")
    async with world.service.platform.worker_database.transaction() as uow:
        await accounts.lock(uow, [deal["account_id"]])
        reopening = asyncio.create_task(world.step(deal, "reopen", by=world.partner, reason="again"))
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="waiting for the account")
        await uow.fetch("select 1 from registration_quotas where partner_id = $1 for update nowait", world.partner_id)
    assert (await reopening).status_code == 200
