"""Conflicts over HTTP: opened by rule and by people, six steps, evidence, letters, time limits; no side learns who the other is."""

import asyncio
import base64
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from services.registration.domain.conflicts.conflict import Kind
from services.registration.domain.values import DealId
from services.registration.policy import Policy
from services.registration.use_cases.conflicts.open import open_conflict
from shared.chassis.database.access import Actor, current_actor
from shared.chassis.testing.stage import Stage
from tests.integration.registration.court import CLAUSE, Court

STEPS = ["identify", "investigate", "mediate", "decide", "communicate", "prevent"]


@pytest.fixture
async def court(stage: Stage) -> Court:
    return await Court.open(stage)


async def test_import_when_rivals_overlap_then_one_conflict_is_opened_with_a_side_for_each(court: Court) -> None:
    conflict = await court.overlap()
    assert (conflict["kind"], conflict["state"], conflict["step"]) == ("overlap", "open", "identify")
    assert conflict["staff"]["by_rule"] is True
    assert {side["partner_id"] for side in conflict["sides"]} == {str(court.world.partner_id), str(court.world.rival_id)}
    told = await court.told("conflict.opened")
    assert {event["partner_id"] for event in told} == {str(court.world.partner_id), str(court.world.rival_id)}
    assert all(len(event["deal_ids"]) == 1 for event in told)


async def test_import_when_run_again_then_no_second_conflict(court: Court) -> None:
    await court.overlap()
    deals = await court.world.rows("select id from deals order by id")
    async with court.world.service.platform.worker_database.transaction() as uow:
        again = await open_conflict(uow, Kind.OVERLAP, [DealId(row[0]) for row in reversed(deals)], policy=Policy())
    assert again is None
    await court.world.imported(court.row("O1", court.world.partner_id, account_name="Acme Holding", minutes=20))
    assert len(await court.conflicts()) == 1


async def test_import_when_the_overlap_is_old_history_then_marked_and_not_opened(court: Court) -> None:
    long_ago = (court.now - timedelta(days=400)).isoformat()
    closed = {"engaged_at": long_ago, "stage": "won", "closed_at": (court.now - timedelta(days=390)).isoformat(), "amount": "1.00"}
    rows = [court.row(f"H{n}", who, account_name="Acme", minutes=0) for n, who in enumerate((court.world.partner_id, court.world.rival_id))]
    results = await court.world.imported(*(row | closed for row in rows))
    assert results[1]["conflict"] is True
    assert await court.conflicts() == []


@pytest.mark.parametrize("kind", [Kind.DIRECT_SALES, Kind.PROBABLE_DUPLICATE])
async def test_rule_when_it_finds_a_conflict_then_opened_once_also_by_eight_at_once(court: Court, kind: Kind) -> None:
    deal = await court.world.registered()

    async def find() -> None:
        async with court.world.service.platform.worker_database.transaction() as uow:
            await open_conflict(uow, kind, [DealId(UUID(deal["id"]))], policy=Policy(), note="found")

    await asyncio.gather(*(find() for _ in range(8)))
    [conflict] = await court.conflicts()
    sides = [side["partner_id"] for side in conflict["sides"]]
    assert sorted(map(str, sides)) == sorted([str(court.world.partner_id), *(["None"] if kind is Kind.DIRECT_SALES else [])])


async def test_rule_when_it_finds_a_conflict_in_a_partners_request_then_the_request_reaches_no_more_than_before(court: Court) -> None:
    mine, theirs = await court.world.registered(), await court.world.registered(court.world.rival, families=["MG"])
    token = current_actor.set(Actor(court.world.rival_id))
    async with court.world.service.platform.api_database.transaction() as uow:
        deals = [DealId(UUID(deal["id"])) for deal in (mine, theirs)]
        assert await open_conflict(uow, Kind.PROBABLE_DUPLICATE, deals, policy=Policy()) is not None
        reached = "select (select count(*) from conflicts), (select count(*) from conflict_sides), (select count(*) from deals)"
        assert [tuple(row) for row in await uow.fetch(reached)] == [(0, 1, 1)]
    current_actor.reset(token)
    assert len((await court.conflicts())[0]["sides"]) == 2


async def _assign(court: Court, on_breach: str) -> None:
    assigned = f'{{"partner_territories": {{"kinds": {{"channel": ["FR"]}}, "on_breach": "{on_breach}"}}}}'
    await court.world.rows("update policies set body = body || $1::text::jsonb returning 1", assigned)


async def test_register_when_the_territory_is_not_the_partners_then_accepted_and_a_conflict_opened(court: Court) -> None:
    await _assign(court, "conflict")
    deal = await court.world.registered()
    await court.world.registered(account_name="Autre", account_domain=None, country="FR")
    [conflict] = await court.conflicts()
    assert (conflict["kind"], conflict["sides"][0]["deal_ids"]) == ("territory_breach", [deal["id"]])


async def test_register_when_the_programme_refuses_foreign_territories_then_refused(court: Court) -> None:
    await _assign(court, "refuse")
    answer = await court.world.register()
    assert (answer.status_code, answer.json()["code"]) == (403, "territory_not_allowed")
    assert await court.conflicts() == []


async def test_conflict_when_a_partner_opens_it_then_about_its_own_deals_alone(court: Court) -> None:
    deal = await court.world.registered()
    body = {"deal_ids": [deal["id"]], "text": "Somebody else is at our customer."}
    opened = await court.world.partner.post("/v1/conflicts", json=body)
    assert opened.status_code == 201, opened.text
    assert (opened.json()["staff"], len(opened.json()["sides"])) == (None, 1)
    again = await court.world.partner.post("/v1/conflicts", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "conflict_open")
    foreign = await court.world.rival.post("/v1/conflicts", json=body)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert await court.conflicts(court.world.rival) == []


async def test_list_when_a_partner_pages_through_its_conflicts_then_oldest_first_by_the_day_and_each_once(court: Court) -> None:
    opened, days = [], 4
    for number in range(3 * days):
        deal = await court.world.registered(families=[f"F{number}"])
        answer = await court.world.partner.post("/v1/conflicts", json={"deal_ids": [deal["id"]], "text": "x"})
        opened.append((answer.json()["opened_on"], answer.json()["id"]))
        if number % 3 == 2:
            court.world.stage.clock.advance(timedelta(days=1))
    listed: list[tuple[str, str]] = []
    cursors: list[str] = []
    while not listed or cursors[-1]:
        asked = {"limit": 2, "state": "open"} | ({"next": cursors[-1]} if cursors else {})
        page = (await court.world.partner.get("/v1/conflicts", params=asked)).json()
        listed += [(each["opened_on"], each["id"]) for each in page["items"]]
        cursors.append(page["next"])
    assert [day for day, _ in listed] == [day for day, _ in opened]
    assert sorted(listed) == sorted(opened)
    told = [base64.urlsafe_b64decode(cursor + "==").decode() for cursor in cursors if cursor]
    assert [cursor for cursor in told if ":" in cursor] == [], "no instant: it would tell when somebody else came"


async def test_sides_when_staff_finds_another_then_it_is_told_and_each_deal_is_there_once(court: Court) -> None:
    first = await court.world.registered()
    second = await court.world.registered(court.world.rival, families=["MG"])
    opened = (await court.world.partner.post("/v1/conflicts", json={"deal_ids": [first["id"]], "text": "x"})).json()
    both = await court.do(opened, "sides", deal_id=second["id"])
    assert len(both["sides"]) == 2
    again = await court.attempt(opened, "sides", deal_id=second["id"])
    assert (again.status_code, again.json()["code"]) == (409, "conflict_side_known")
    nothing = await court.attempt(opened, "sides")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "ruling_invalid")
    third = uuid4()
    stranger = await court.attempt(opened, "sides", partner_id=str(third))
    assert (stranger.status_code, stranger.json()["code"]) == (422, "partner_unknown")
    await court.world.heard(third)
    assert len((await court.do(opened, "sides", partner_id=str(third)))["sides"]) == 3
    assert len(await court.told("conflict.opened")) == 3


async def test_steps_when_taken_in_order_then_each_is_on_record_and_the_conflict_closed(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    conflict = await court.do(conflict, "decide", outcome="uphold", **CLAUSE)
    assert (conflict["state"], conflict["step"]) == ("decided", "communicate")
    conflict = await court.do(conflict, "communicate", text="By letter.")
    conflict = await court.do(conflict, "prevent", text="Nothing to change.")
    assert conflict["state"] == "closed"
    steps = (await court.world.staff.get(f"/v1/conflicts/{conflict['id']}/steps")).json()
    assert [step["step"] for step in steps] == STEPS
    late = await court.attempt(conflict, "prevent", text="again")
    assert (late.status_code, late.json()["code"]) == (409, "conflict_closed")


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("steps", {"step": "investigate", "text": "x"}),
        ("steps", {"step": "decide", "text": "x"}),
        ("decide", {"outcome": "uphold", **CLAUSE}),
        ("communicate", {"text": "x"}),
        ("prevent", {"text": "x"}),
    ],
)
async def test_step_when_another_is_due_then_refused(court: Court, verb: str, body: dict[str, Any]) -> None:
    answer = await court.attempt(await court.overlap(), verb, **body)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict_step_order")


async def test_conflict_when_changed_without_or_with_an_old_version_then_refused(court: Court) -> None:
    conflict = await court.overlap()
    old = await court.attempt(conflict, "steps", if_match='"7"', step="identify", text="x")
    none = await court.world.staff.post(f"/v1/conflicts/{conflict['id']}/steps", json={"step": "identify", "text": "x"})
    assert (old.status_code, none.status_code) == (412, 428)


async def test_step_when_late_then_escalated_once_to_whom_the_programme_names(court: Court) -> None:
    conflict = await court.overlap()
    timers = court.world.service.worker.timers
    await timers.run_due()
    assert await court.told("conflict.escalated") == []
    court.world.stage.clock.advance(timedelta(days=2))
    for _ in range(2):
        await timers.run_due()
    escalated = await court.read(conflict)
    assert (escalated["staff"]["owner"], escalated["staff"]["escalated_at"] is not None) == ("head of channel", True)
    for asked, found in (("true", 1), ("false", 0)):
        assert len((await court.world.staff.get(f"/v1/conflicts?escalated={asked}")).json()["items"]) == found
    told = await court.told("conflict.escalated")
    assert [(event["step"], event["partner_id"] in {str(court.world.partner_id), str(court.world.rival_id)}) for event in told] == [
        ("identify", True),
        ("identify", True),
    ]
    await court.do(escalated, "steps", step="identify", text="At last.")
    court.world.stage.clock.advance(timedelta(days=7))  # five of them business days
    await timers.run_due()
    assert len(await court.told("conflict.escalated")) == 4, "the next step has a limit of its own"
    counted = [sequence for topic, sequence, _ in await court.world.events() if topic.startswith("conflict.")]
    assert sorted(counted) == [1, 1, 2, 2, 3, 3], "each side counts what it was told"


async def test_evidence_when_given_then_seen_by_its_side_and_staff_and_by_others_only_if_shared(court: Court) -> None:
    conflict = await court.overlap()
    path = f"/v1/conflicts/{conflict['id']}/evidence"
    piece = {"kind": "event", "reference": "0198-meeting", "note": "We met them first."}
    given = await court.world.partner.post(path, json=piece)
    assert given.status_code == 201, given.text
    assert (await court.world.rival.get(path)).json()["items"] == []
    side = court.side(conflict, court.world.rival_id)["id"]
    leaking = await court.world.staff.post(path, json=piece | {"note": f"See {court.world.partner_id}", "side_id": side})
    assert (leaking.status_code, leaking.json()["code"]) == (422, "names_other_side")
    shared = {"kind": "document", "reference": "minutes 12", "note": "There was an earlier meeting."}
    assert (await court.world.staff.post(path, json=shared | {"side_id": side})).status_code == 201
    assert (await court.world.staff.post(path, json=shared | {"note": "For us."})).status_code == 201
    seen = [(each["note"], each["by_side"], each["given_by"]) for each in (await court.world.rival.get(path)).json()["items"]]
    assert seen == [("There was an earlier meeting.", False, None)]
    assert len((await court.world.partner.get(path)).json()["items"]) == 1
    assert len((await court.world.staff.get(path)).json()["items"]) == 3
    stranger = await court.world.staff.post(path, json=shared | {"side_id": str(uuid4())})
    assert (stranger.status_code, stranger.json()["code"]) == (422, "not_a_side")
    asking = await court.world.partner.post(path, json=piece | {"side_id": side})
    assert (asking.status_code, asking.json()["code"]) == (403, "staff_only")


async def test_evidence_when_the_conflict_is_decided_then_refused(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    await court.do(conflict, "decide", outcome="uphold", **CLAUSE)
    for client in (court.world.partner, court.world.staff):
        piece = {"kind": "receipt", "reference": "1", "note": "late"}
        answer = await client.post(f"/v1/conflicts/{conflict['id']}/evidence", json=piece)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict_decided")


async def test_letter_when_communicated_then_each_side_reads_its_own(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    mine = court.side(conflict, court.world.partner_id)
    deal = court.deal(conflict, court.world.partner_id)
    path = f"/v1/conflicts/{conflict['id']}/letter"
    await court.do(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=str(court.world.rival_id), **CLAUSE)
    early = await court.world.partner.get(path)
    assert (early.status_code, early.json()["code"]) == (404, "letter_missing")
    leak = [{"side_id": mine["id"], "text": f"It is {court.world.rival_id}'s now."}]
    assert (await court.attempt(conflict, "communicate", text="x", words=leak)).json()["code"] == "names_other_side"
    stray = [{"side_id": str(uuid4()), "text": "x"}]
    assert (await court.attempt(conflict, "communicate", text="x", words=stray)).json()["code"] == "not_a_side"
    await court.do(conflict, "communicate", text="By letter.", words=[{"side_id": mine["id"], "text": "We are sorry."}])
    lost, gained = [(await client.get(path)).json()["body"] for client in (court.world.partner, court.world.rival)]
    assert "could not stand" in lost
    assert "We are sorry." in lost
    assert "yours from now on" in gained
    assert "sorry" not in gained
    unnamed = await court.world.staff.get(path)
    named = await court.world.staff.get(f"{path}?side_id={mine['id']}")
    assert (unnamed.status_code, named.json()["body"]) == (422, lost)
    assert len(await court.told("conflict.communicated")) == 2


async def test_rival_when_it_reads_everything_then_nothing_is_of_the_other_side(court: Court) -> None:
    """Every answer and every event of one side, searched for every id, name and instant of the other."""
    conflict = await court.overlap()
    path = f"/v1/conflicts/{conflict['id']}"
    await court.world.partner.post(f"{path}/evidence", json={"kind": "document", "reference": "secret minutes", "note": "Our own words."})
    court.world.stage.clock.advance(timedelta(minutes=7))
    conflict = await court.to_decision(conflict)
    deal = court.deal(conflict, court.world.partner_id)
    shares = [{"partner_id": str(court.world.partner_id), "share": "2/3"}, {"partner_id": str(court.world.rival_id), "share": "1/3"}]
    await court.do(conflict, "decide", outcome="split", deal_id=deal, credits=shares, **CLAUSE)
    await court.do(conflict, "communicate", text="By letter.")
    closing = {"outcome": "won", "amount": "900.00"}
    assert (await court.world.partner.post(f"/v1/deals/{deal}/close", json=closing)).status_code == 200
    for mine, client, other in (
        (court.world.rival_id, court.world.rival, court.world.partner_id),
        (court.world.partner_id, court.world.partner, court.world.rival_id),
    ):
        text = await _everything(court, client, conflict["id"])
        secrets = await _secrets(court, other, of=mine)
        assert len(secrets) > 6
        assert [secret for secret in secrets if secret in text] == []
        shown = (await client.get(path)).json()
        assert (shown["staff"], set(shown)) == (None, {"id", "kind", "state", "step", "step_due_on", "opened_on", "sides", "staff"})
        for event in [body for _, _, body in await court.world.events() if body["partner_id"] == str(mine) and "conflict_id" in body]:
            assert [secret for secret in secrets if secret in str(event)] == []


async def _everything(court: Court, client: Any, conflict_id: str) -> str:
    paths = ["conflicts", f"conflicts/{conflict_id}", f"conflicts/{conflict_id}/evidence", f"conflicts/{conflict_id}/letter", "deals"]
    answers = [await client.get(f"/v1/{path}") for path in paths]
    assert [answer.status_code for answer in answers] == [200] * 5
    steps = await client.get(f"/v1/conflicts/{conflict_id}/steps")
    proposals = await client.get("/v1/rule-proposals")
    assert (steps.status_code, proposals.status_code) == (403, 403)
    return " ".join(answer.text + str(answer.headers) for answer in answers)


async def _secrets(court: Court, other: UUID, *, of: UUID) -> set[str]:
    """Ids, names, words and instants in the rows of one side that are not in the rows of the other, and its partner's id."""
    theirs, own = [{value for value in _values(await _rows_of(court, who)) if len(value) > 8} for who in (other, of)]
    return theirs - own | {str(other)}


async def _rows_of(court: Court, partner_id: UUID) -> list[Any]:
    """Without the credit that was decided, in which each side's rows name the other."""
    tables = ("deals", "conflict_sides", "conflict_evidence", "conflict_letters")
    query = "select (to_jsonb(t) - 'terms' - 'credits_fixed')::text from {} t where partner_id = $1"
    rows = [await court.world.rows(query.format(table), partner_id) for table in tables]
    return [orjson.loads(row[0]) for found in rows for row in found]


def _values(value: Any) -> list[str]:
    """Every text in a JSON value; instants also as answers write them."""
    if isinstance(value, dict | list):
        return [text for inner in (value.values() if isinstance(value, dict) else value) for text in _values(inner)]
    return [value, value.replace("+00:00", "Z")] if isinstance(value, str) else []
