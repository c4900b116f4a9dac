"""Co-selling over HTTP: invited, signed by all, in force, and what it makes of a close; nobody else sees a word of it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from services.registration.domain.coselling import agreement as life
from services.registration.domain.values import PartnerId, Standing
from services.registration.store import coselling
from services.registration.use_cases.coselling.sign import publish
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.court import CLAUSE, Court
from tests.integration.registration.world import World


class Cosell(World):
    """The world with short calls for agreements. The rival is the one who helps; a third partner is no party."""

    third: httpx2.AsyncClient

    async def propose(self, deal: dict[str, Any], *shares: str, by: httpx2.AsyncClient | None = None, **more: Any) -> httpx2.Response:
        who = (self.partner_id, self.rival_id)
        parties = [{"partner_id": str(each), "role": "r", "share": share} for each, share in zip(who, shares, strict=False)]
        body = {"deal_id": deal["id"], "parties": parties, "message": "Help us deliver"} | more
        return await (by or self.partner).post("/v1/coselling", json=body)

    async def sign(self, agreement: dict[str, Any], by: httpx2.AsyncClient, *, version: int = -1) -> httpx2.Response:
        one = agreement["versions"][version]
        return await by.post(f"/v1/coselling/{agreement['id']}/sign", json={"number": one["number"], "hash": one["hash"]})

    async def signed(self, deal: dict[str, Any], *shares: str, **more: Any) -> dict[str, Any]:
        """An agreement that all sides have signed."""
        answer = await self.propose(deal, *shares, **more)
        assert answer.status_code == 201, answer.text
        agreement: dict[str, Any] = answer.json()
        for side in (self.staff, self.partner, *([self.rival] if len(shares) > 1 else [])):
            answer = await self.sign(agreement, side)
            assert answer.status_code == 200, answer.text
        return agreement

    async def states(self) -> list[str]:
        return [row[0] for row in await self.rows("select state from cosell_versions order by number")]

    async def told_of(self, topic: str) -> list[dict[str, Any]]:
        return [body for each, _, body in await self.events() if each == topic]

    async def told(self) -> list[tuple[str, str]]:
        names = {str(self.partner_id): "me", str(self.rival_id): "rival"}
        return [(topic, names[body["partner_id"]]) for topic, _, body in await self.events() if topic.startswith("cosell")]


@pytest.fixture
async def world(stage: Stage) -> Cosell:
    world = await Cosell.open(stage)
    assert isinstance(world, Cosell)
    third = uuid4()
    await world.heard(third)
    world.third = stage.client(world.service, role="partner", partner_id=third)
    return world


async def test_agreement_when_signed_by_all_then_in_force_and_each_party_is_told_its_part(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "1/3", "2/3")
    assert await world.states() == ["in_force"]
    assert await world.told() == [
        ("cosell.invited", "me"),
        ("cosell.invited", "rival"),
        ("cosell.agreed", "me"),
        ("cosell.agreed", "rival"),
    ]
    [(_, _, mine), _] = [each for each in await world.events() if each[0] == "cosell.agreed"]
    assert (mine["share"], str(world.rival_id) in str(mine)) == ("1/3", False)


async def test_invited_when_it_has_not_signed_then_it_reads_the_invitation_and_not_the_deal(world: Cosell) -> None:
    deal = await world.registered()
    agreement = (await world.propose(deal, "0.5", "0.5")).json()
    answer = await world.rival.get(f"/v1/coselling/{agreement['id']}")
    [version] = answer.json()["versions"]
    assert version["about"] == {"families": ["GTX"], "territory": "DE", "message": "Help us deliver"}
    assert [seat["partner_id"] for seat in version["parties"]] == [str(world.rival_id)], "a party's row is its own"
    assert "Acme" not in answer.text
    assert (await world.rival.get(f"/v1/deals/{deal['id']}")).status_code == 404
    assert (await world.rival.get(f"/v1/coselling/{agreement['id']}/plan")).json()["code"] == "nothing_in_force"


async def test_stranger_when_it_tries_everything_then_there_is_nothing(world: Cosell) -> None:
    deal = await world.registered()
    agreement = await world.signed(deal, "0.5", "0.5")
    path = f"/v1/coselling/{agreement['id']}"
    answers = [await world.third.get(path), await world.third.get(f"{path}/plan"), await world.sign(agreement, world.third)]
    answers += [
        await world.third.post(f"{path}/{verb}", json=body)
        for verb, body in (("decline", {"number": 1}), ("leave", {}), ("plan", {"title": "x", "due_on": "2026-03-01"}))
    ]
    answers += [await world.propose(deal, "0.5", "0.5", by=world.third), await world.propose(deal, "0.5", "0.5", by=world.rival)]
    assert {answer.status_code for answer in answers} == {404}
    assert (await world.third.get("/v1/coselling")).json()["items"] == []
    assert (await world.third.get("/v1/coselling", params={"deal_id": deal["id"]})).json()["items"] == []


async def test_propose_when_it_cannot_be_then_refused(world: Cosell) -> None:
    deal = await world.registered()
    for shares, code in ((("0.5", "0.4"), "splits_not_one"), (("0.5", "1/0"), "splits_not_one")):
        assert (await world.propose(deal, *shares)).json()["code"] == code
    alone = [{"partner_id": str(world.rival_id), "role": "r", "share": "1"}]
    assert (await world.propose(deal, parties=alone)).json()["code"] == "registrant_missing"
    stranger = [{"partner_id": str(uuid4()), "role": "r", "share": "1"}]
    assert (await world.propose(deal, parties=stranger)).json()["code"] == "partner_unknown"
    await world.done(deal, "close", outcome="lost")
    assert (await world.propose(deal, "1")).json()["code"] == "deal_not_open"


async def test_sign_when_wrong_then_refused(world: Cosell) -> None:
    deal = await world.registered()
    agreement = (await world.propose(deal, "0.5", "0.5")).json()
    wrong = await world.rival.post(f"/v1/coselling/{agreement['id']}/sign", json={"number": 1, "hash": "0" * 64})
    assert wrong.json()["code"] == "other_document"
    await world.sign(agreement, world.rival)
    assert (await world.sign(agreement, world.rival)).json()["code"] == "already_signed"
    await world.propose(deal, "1")
    assert (await world.sign(agreement, world.partner)).json()["code"] == "version_not_proposed"
    assert (await world.rival.post(f"/v1/coselling/{agreement['id']}/decline", json={"number": 2})).json()["code"] == "no_side"


async def test_invitation_when_not_signed_in_time_then_it_lapses_once(world: Cosell) -> None:
    await world.propose(await world.registered(), "0.5", "0.5")
    for _ in range(2):
        world.stage.clock.advance(timedelta(days=14))
        await world.service.worker.timers.run_due()
    assert await world.states() == ["lapsed"]
    assert (await world.told())[2:] == [("cosell.ended", "me"), ("cosell.ended", "rival")]


@pytest.mark.parametrize("repeat", range(4))
async def test_agreement_when_two_sign_while_a_third_replaces_then_never_in_force_without_all(world: Cosell, repeat: int) -> None:
    deal = await world.registered()
    agreement = (await world.propose(deal, "0.5", "0.5")).json()
    await world.sign(agreement, world.staff)
    jobs = [world.sign(agreement, world.partner), world.sign(agreement, world.rival), world.propose(deal, "1/3", "2/3", by=world.staff)]
    answers = await asyncio.gather(*(jobs[(repeat + n) % 3] for n in range(3)))
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    states = await world.states()
    signatures = await world.rows("select count(signed_by) from cosell_parties where number = 1")
    assert states in (["in_force", "proposed"], ["superseded", "proposed"])
    assert (states[0] == "in_force") == (signatures == [(2,)])


async def test_close_when_no_credits_are_named_then_the_agreed_split_with_its_trace(world: Cosell) -> None:
    deal = await world.registered()
    agreement = await world.signed(deal, "1/3", "2/3")
    await world.propose(deal, "1")  # not signed: it changes nothing
    terms = (await world.done(deal, "close", by=world.partner, outcome="won", amount="90.00"))["terms"]
    assert [credit["share"] for credit in terms["credits"]] == ["1/3", "2/3"]
    assert terms["attributes"] == {"cosell_agreement": agreement["id"], "cosell_version": "1"}
    event = next(body for topic, _, body in await world.events() if topic == "deal.closed")
    assert event["attributes"] == terms["attributes"]
    amended = (await world.done(deal, "amend", by=world.partner, amount="60.00", reason="x"))["terms"]
    assert (amended["credits"], amended["attributes"]) == (terms["credits"], terms["attributes"])


async def test_close_when_other_credits_are_named_then_refused_but_to_staff_with_a_reason(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    other = {"outcome": "won", "amount": "1.00", "credits": [{"partner_id": str(world.partner_id), "share": "1"}]}
    for by in (world.partner, world.staff):
        assert (await world.step(deal, "close", by=by, **other)).json()["code"] == "split_agreed"
    assert (await world.step(deal, "close", by=world.partner, **other, split_reason="x")).json()["code"] == "staff_only"
    terms = (await world.done(deal, "close", **other, split_reason="Settled otherwise"))["terms"]
    assert (len(terms["credits"]), terms["attributes"]["cosell_override"]) == (1, "Settled otherwise")


async def test_close_when_a_party_left_then_all_is_the_registrants_again(world: Cosell) -> None:
    deal = await world.registered()
    agreement = await world.signed(deal, "0.5", "0.5")
    await world.rival.post(f"/v1/coselling/{agreement['id']}/leave", json={})
    assert await world.states() == ["ended"]
    assert len((await world.done(deal, "close", outcome="won", amount="1.00"))["terms"]["credits"]) == 1


async def test_import_when_an_opportunity_names_no_credits_then_the_agreed_split_and_twice_changes_nothing(world: Cosell) -> None:
    row = {"source": "crm", "external_id": "1", "partner_id": str(world.partner_id), "account_name": "Acme", "families": ["GTX"]}
    now = world.stage.clock.now()
    row |= {"engaged_at": (now - timedelta(days=2)).isoformat(), "stage": "open"}
    await world.imported(row)
    [deal] = (await world.staff.get("/v1/deals")).json()["items"]
    await world.signed(deal, "0.5", "0.5")
    closed = row | {"stage": "won", "closed_at": (now - timedelta(days=1)).isoformat(), "amount": "10.00"}
    assert [result["result"] for result in await world.imported(closed) + await world.imported(closed)] == ["won", "unchanged"]
    terms = (await world.staff.get(f"/v1/deals/{deal['id']}")).json()["terms"]
    assert [credit["share"] for credit in terms["credits"]] == ["1/2", "1/2"]
    named = closed | {"credits": [{"partner_id": str(world.partner_id), "share": "1"}]}
    assert [result["result"] for result in await world.imported(named) + await world.imported(named)] == ["won", "unchanged"]


async def test_plan_when_in_force_then_each_moves_its_own_steps_and_one_that_is_late_is_told_once(world: Cosell) -> None:
    agreement = await world.signed(await world.registered(), "0.5", "0.5")
    path = f"/v1/coselling/{agreement['id']}/plan"
    due = (world.stage.clock.now() + timedelta(days=1)).date().isoformat()
    mine = (await world.partner.post(path, json={"title": "Demo", "due_on": due})).json()
    theirs = (await world.rival.post(path, json={"title": "Design", "due_on": due, "notes": "draft"})).json()
    other = {"title": "x", "due_on": due, "partner_id": str(world.rival_id)}
    assert (await world.partner.post(path, json=other)).json()["code"] == "step_of_other"
    assert (await world.partner.post(f"{path}/{theirs['id']}", json={"state": "done"})).status_code == 404
    assert (await world.rival.post(f"{path}/{theirs['id']}", json={"state": "done"})).json()["notes"] == "draft"
    assert [step["title"] for step in (await world.rival.get(path)).json()["steps"]] == ["Demo", "Design"]
    for _ in range(2):
        world.stage.clock.advance(timedelta(days=2))
        await world.service.worker.timers.run_due()
    late = [body for topic, _, body in await world.events() if topic == "cosell.step_overdue"]
    assert [(body["step_id"], body["partner_id"]) for body in late] == [(mine["id"], str(world.partner_id))]


async def shared(world: Cosell, agreement: dict[str, Any], by: httpx2.AsyncClient) -> httpx2.Response:
    return await by.get(f"/v1/coselling/{agreement['id']}/deal")


async def test_party_when_in_force_then_it_reads_the_facts_of_the_deal_and_nothing_private(world: Cosell) -> None:
    deal = await world.registered(evidence="Their buyer is Jordan", expected_amount="900.00")
    agreement = await world.signed(deal, "0.5", "0.5")
    answer = await shared(world, agreement, world.rival)
    told = {"account_name": "Acme Holding", "families": ["GTX"], "territory": "DE", "stage": None, "state": "open"}
    assert answer.json() == told | {"deal_id": deal["id"], "expected": {"amount": "900.00", "currency": "USD"}}
    assert "Jordan" not in answer.text
    assert (await shared(world, agreement, world.staff)).json() == answer.json()
    assert (await world.rival.get(f"/v1/deals/{deal['id']}")).status_code == 404
    assert (await shared(world, agreement, world.third)).status_code == 404


async def test_party_when_it_has_not_signed_or_it_ended_then_it_reads_nothing_of_the_deal(world: Cosell) -> None:
    agreement = (await world.propose(await world.registered(), "0.5", "0.5")).json()
    assert (await shared(world, agreement, world.rival)).json()["code"] == "nothing_in_force"
    for side in (world.staff, world.rival):
        await world.sign(agreement, side)
    assert (await shared(world, agreement, world.rival)).json()["code"] == "nothing_in_force", "not all have signed"
    await world.sign(agreement, world.partner)
    assert (await shared(world, agreement, world.rival)).status_code == 200
    await world.partner.post(f"/v1/coselling/{agreement['id']}/leave", json={})
    assert (await shared(world, agreement, world.rival)).json()["code"] == "nothing_in_force"


async def test_seat_when_a_partner_asks_the_store_itself_then_its_own_alone_and_no_deal(world: Cosell) -> None:
    agreement = await world.signed(await world.registered(), "0.5", "0.5")
    connection = await asyncpg.connect(world.service.platform.settings.api_url.replace("+asyncpg", ""))
    seats, deals = [], []
    for who in (world.rival_id, uuid4()):
        await connection.execute("select set_config('hansa.partner', $1, false)", str(who))
        found = await connection.fetch("select agreement_id, partner_id from cosell_parties where state = 'in_force'")
        seats.append([tuple(row) for row in found])
        deals += await connection.fetch("select * from deals")
    await connection.close()
    assert seats == [[(UUID(agreement["id"]), world.rival_id)], []]
    assert deals == []


@pytest.mark.parametrize(("verb", "body"), [("close", {"outcome": "lost"}), ("withdraw", {"reason": "Gone"})])
async def test_deal_when_it_comes_to_nothing_then_what_is_agreed_ends_and_each_party_is_told_why(
    world: Cosell, verb: str, body: dict[str, Any]
) -> None:
    deal = await world.registered()
    agreement = await world.signed(deal, "0.5", "0.5")
    await world.propose(deal, "1/3", "2/3")
    await world.done(deal, verb, **body)
    assert await world.states() == ["ended", "void"]
    ended = [(each["number"], each["because"]) for each in await world.told_of("cosell.ended")]
    assert sorted(ended) == [(1, "deal_over"), (1, "deal_over"), (2, "deal_over"), (2, "deal_over")]
    assert (await world.sign(agreement, world.rival)).json()["code"] == "version_not_proposed"
    assert (await shared(world, agreement, world.rival)).json()["code"] == "nothing_in_force"


async def test_close_when_a_lost_deal_was_reopened_then_the_former_agreement_is_not_used(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    lost = await world.done(deal, "close", outcome="lost")
    assert len(lost["terms"]["credits"]) == 2, "what was closed under it stays"
    await world.done(deal, "reopen", reason="Back again")
    won = await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    assert [credit["partner_id"] for credit in won["terms"]["credits"]] == [str(world.partner_id)]
    assert "cosell_agreement" not in won["terms"]["attributes"]


async def test_close_when_the_deal_went_to_another_partner_then_the_former_ones_agreement_is_not_used(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    third = (await world.rows("select id from known_partners where id <> all($1::uuid[])", [world.partner_id, world.rival_id]))[0][0]
    other = await world.registered(world.third, families=["MG"])
    court = Court(world)
    opened = await world.staff.post("/v1/conflicts", json={"deal_ids": [deal["id"], other["id"]], "text": "whose is it?"})
    conflict = await court.to_decision(opened.json())
    await court.do(conflict, "decide", outcome="reassign", deal_id=deal["id"], to_partner_id=str(third), **CLAUSE)
    assert {each["because"] for each in await world.told_of("cosell.ended")} == {"deal_reassigned"}
    won = await world.done(deal, "close", by=world.third, outcome="won", amount="10.00")
    assert [credit["partner_id"] for credit in won["terms"]["credits"]] == [str(third)]


@pytest.mark.parametrize("apart", [False, True])
async def test_import_when_lost_and_then_won_then_the_former_agreement_is_not_used(world: Cosell, apart: bool) -> None:
    row = {"source": "crm", "external_id": "1", "partner_id": str(world.partner_id), "account_name": "Acme", "families": ["GTX"]}
    now = world.stage.clock.now()
    row |= {"engaged_at": (now - timedelta(days=3)).isoformat(), "stage": "open"}
    await world.imported(row)
    [deal] = (await world.staff.get("/v1/deals")).json()["items"]
    await world.signed(deal, "0.5", "0.5")
    lost = row | {"stage": "lost", "closed_at": (now - timedelta(days=2)).isoformat()}
    won = row | {"stage": "won", "closed_at": (now - timedelta(days=1)).isoformat(), "amount": "10.00"}
    for batch in ([lost], [won]) if apart else ([lost, won],):
        await world.imported(*batch)
    read = (await world.staff.get(f"/v1/deals/{deal['id']}")).json()
    assert (read["state"], len(read["terms"]["credits"])) == ("won", 1)
    assert await world.states() == ["ended"]


async def test_party_when_terminated_then_what_it_signed_ends_for_all_and_when_suspended_only_its_invitations(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    await world.propose(deal, "1/3", "2/3")
    await world.heard(world.rival_id, Standing.SUSPENDED, sequence=2)
    assert await world.states() == ["in_force", "void"]
    await world.heard(world.rival_id, Standing.TERMINATED, sequence=3)
    assert await world.states() == ["ended", "void"]
    told = [(each["number"], each["partner_id"], each["because"]) for each in await world.told_of("cosell.ended")]
    both = (str(world.partner_id), str(world.rival_id))
    assert sorted(told) == sorted((number, who, "partner_inactive") for number in (1, 2) for who in both)
    assert len((await world.done(deal, "close", outcome="won", amount="1.00"))["terms"]["credits"]) == 1


async def test_deal_when_won_then_what_is_only_proposed_is_void_and_what_was_signed_stays(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    other = (await world.propose(deal, "1/3", "2/3")).json()
    won = await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    assert await world.states() == ["in_force", "void"]
    ended = [(each["number"], each["partner_id"], each["reason"], each["because"]) for each in await world.told_of("cosell.ended")]
    assert sorted(ended) == sorted((2, str(who), "lapsed", "deal_won") for who in (world.partner_id, world.rival_id))
    assert (await world.sign(other, world.rival)).json()["code"] == "version_not_proposed"
    await world.done(deal, "amend", by=world.partner, amount="9.00", reason="x")
    assert len(await world.told_of("cosell.ended")) == 2, "told once"
    assert [credit["share"] for credit in won["terms"]["credits"]] == ["1/2", "1/2"]


async def test_won_when_reopened_then_what_was_signed_divides_the_next_win_and_another_version_may_be_proposed(world: Cosell) -> None:
    deal = await world.registered()
    await world.signed(deal, "0.5", "0.5")
    await world.propose(deal, "1/3", "2/3")
    await world.done(deal, "close", by=world.partner, outcome="won", amount="10.00")
    await world.done(deal, "reopen", reason="the order was cancelled")
    assert await world.states() == ["in_force", "void"], "an invitation does not come back"
    assert (await world.propose(deal, "1/4", "3/4")).status_code == 201
    again = await world.done(deal, "close", by=world.partner, outcome="won", amount="8.00")
    assert [credit["share"] for credit in again["terms"]["credits"]] == ["1/2", "1/2"]
    assert await world.states() == ["in_force", "void", "void"]


async def test_import_when_a_deal_is_won_then_what_is_only_proposed_is_void(world: Cosell) -> None:
    row = {"source": "crm", "external_id": "1", "partner_id": str(world.partner_id), "account_name": "Acme", "families": ["GTX"]}
    now = world.stage.clock.now()
    row |= {"engaged_at": (now - timedelta(days=3)).isoformat(), "stage": "open"}
    await world.imported(row)
    [deal] = (await world.staff.get("/v1/deals")).json()["items"]
    await world.propose(deal, "0.5", "0.5")
    await world.imported(row | {"stage": "won", "closed_at": (now - timedelta(days=1)).isoformat(), "amount": "10.00"})
    assert await world.states() == ["void"]
    assert {each["because"] for each in await world.told_of("cosell.ended")} == {"deal_won"}


@pytest.mark.parametrize("way", ["close", "import"])
async def test_close_when_the_last_side_signs_at_that_moment_then_in_force_and_followed_or_void(world: Cosell, way: str) -> None:
    """The agreement is held before the split is read: else a version could come into force that the win does not follow."""
    row = {"source": "crm", "external_id": "1", "partner_id": str(world.partner_id), "account_name": "Acme", "families": ["GTX"]}
    now = world.stage.clock.now()
    row |= {"engaged_at": (now - timedelta(days=3)).isoformat(), "stage": "open"}
    await world.imported(row)
    [deal] = (await world.staff.get("/v1/deals")).json()["items"]
    agreement = (await world.propose(deal, "0.5", "0.5")).json()
    for side in (world.staff, world.partner):
        await world.sign(agreement, side)
    won = row | {"stage": "won", "closed_at": (now - timedelta(days=1)).isoformat(), "amount": "10.00"}
    async with world.service.platform.worker_database.transaction() as uow:  # the last side, step by step
        held = await coselling.whole(uow, UUID(agreement["id"]))
        closing = asyncio.create_task(
            world.imported(won) if way == "import" else world.done(deal, "close", outcome="won", amount="10.00")  # type: ignore[arg-type]
        )
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="the close waits for the signature")
        number, signed = agreement["versions"][0]["number"], agreement["versions"][0]["hash"]
        changed, told = life.sign(held, number, signer=PartnerId(world.rival_id), signed_hash=signed, by="rival", now=uow.now)
        await coselling.save(uow, changed)
        publish(uow, changed, told)
    await closing
    assert await world.states() == ["in_force"]
    assert len((await world.staff.get(f"/v1/deals/{deal['id']}")).json()["terms"]["credits"]) == 2
