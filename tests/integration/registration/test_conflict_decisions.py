"""What decisions do to deals: reassigned, credit divided, protection ended; under races one of them, with its events."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.court import CLAUSE, Court


@pytest.fixture
async def court(stage: Stage) -> Court:
    return await Court.open(stage)


async def _open_deals(court: Court) -> dict[Any, int]:
    return dict(await court.world.rows("select partner_id, open_deals from registration_quotas"))


async def test_reassign_when_the_deal_is_open_then_it_is_the_other_partners_with_its_window_and_its_place(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    deal = court.deal(conflict, court.world.partner_id)
    before = (await court.world.staff.get(f"/v1/deals/{deal}")).json()
    slots = await court.world.rows("select * from protection_slots order by id")
    to = str(court.world.rival_id)
    decided = await court.do(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=to, **CLAUSE)
    after = (await court.world.rival.get(f"/v1/deals/{deal}")).json()
    assert (after["partner_id"], after["version"], after["protected"]) == (to, before["version"] + 1, True)
    assert (after["protected_until"], after["expected"]) == (before["protected_until"], None)
    assert (await court.world.partner.get(f"/v1/deals/{deal}")).status_code == 404
    assert await court.world.rows("select * from protection_slots order by id") == slots
    assert await _open_deals(court) == {court.world.partner_id: 0, court.world.rival_id: 2}
    assert decided["staff"]["ruling"]["clause"] == CLAUSE["clause"]
    [event] = await court.told("deal.reassigned")
    assert (event["partner_id"], event["from_partner_id"], event["protected"]) == (to, str(court.world.partner_id), True)
    effects = {event["partner_id"]: event["effect"] for event in await court.told("conflict.decided")}
    assert effects == {str(court.world.partner_id): "deal_lost", to: "deal_gained"}


async def test_reassigned_when_the_sales_system_still_names_the_former_partner_then_its_close_is_the_new_ones(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    deal, to = court.deal(conflict, court.world.partner_id), str(court.world.rival_id)
    await court.do(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=to, **CLAUSE)
    row = court.row("O1", court.world.partner_id, account_name="Acme Holding", minutes=20)
    closed = {"stage": "won", "closed_at": court.now.isoformat(), "amount": "500.00"}
    assert [(await court.world.imported(row | closed))[0]["result"] for _ in range(2)] == ["won", "unchanged"]
    [event] = await court.told("deal.closed")
    assert (event["partner_id"], event["credits"]) == (to, [{"partner_id": to, "share": "1"}])


async def test_reassign_when_the_deal_is_won_then_its_credit_is_amended_and_stays_so(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap(stage="won"))
    deal, to = court.deal(conflict, court.world.partner_id), str(court.world.rival_id)
    await court.do(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=to, **CLAUSE)
    [amended] = await court.told("deal.amended")
    assert (amended["partner_id"], amended["credits"]) == (str(court.world.partner_id), [{"partner_id": to, "share": "1"}])
    assert CLAUSE["reason"] not in str(amended), "what staff wrote may name anybody"
    corrections = {told["partner_id"]: told.get("correction") for told in await court.told("conflict.decided")}
    assert corrections == {amended["partner_id"]: {"deal_id": deal, "close_number": 1, "revision": 1}, to: None}, "its own side's alone"
    corrected = {"amount": "55000.00", "reason": "A discount."}
    shown = await court.world.partner.post(f"/v1/deals/{deal}/amend", json=corrected)
    assert shown.json()["terms"]["credits"] == []
    assert (await court.told("deal.amended"))[1]["credits"] == [{"partner_id": to, "share": "1"}]
    claim = corrected | {"credits": [{"partner_id": str(court.world.partner_id), "share": "1"}]}
    refused = await court.world.partner.post(f"/v1/deals/{deal}/amend", json=claim)
    assert (refused.status_code, refused.json()["code"]) == (409, "credit_settled")


async def test_split_when_the_deal_is_open_then_its_close_is_credited_so(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    deal = court.deal(conflict, court.world.partner_id)
    shares = [{"partner_id": str(court.world.partner_id), "share": "1/3"}, {"partner_id": str(court.world.rival_id), "share": "2/3"}]
    await court.do(conflict, "decide", outcome="split", deal_id=deal, credits=shares, **CLAUSE)
    closed = await court.world.partner.post(f"/v1/deals/{deal}/close", json={"outcome": "won", "amount": "900.00"})
    assert closed.json()["terms"]["credits"] == [shares[0]], "a rival's share is shown to staff alone"
    [event] = await court.told("deal.closed")
    assert event["credits"] == shares
    assert [each["share"] for each in await court.told("conflict.decided")].sort() == ["1/3", "2/3"].sort()


async def test_protection_when_a_decision_ends_it_then_the_account_is_free_at_once(court: Court) -> None:
    deal = await court.world.registered()
    opened = (await court.world.staff.post("/v1/conflicts", json={"deal_ids": [deal["id"]], "text": "Squatting."})).json()
    await court.to_decision(opened)
    await court.do(opened, "decide", outcome="end_protection", deal_id=deal["id"], **CLAUSE)
    shown = (await court.world.partner.get(f"/v1/deals/{deal['id']}")).json()
    assert (shown["state"], shown["protected"], shown["version"]) == ("open", False, 2)
    assert (await court.told("deal.protection_ended"))[0]["partner_id"] == str(court.world.partner_id)
    court.world.stage.clock.advance(timedelta(seconds=1))
    assert (await court.world.register(court.world.rival)).status_code == 201
    await court.world.done(deal, "close", outcome="lost")
    await court.world.done(deal, "reopen", reason="x")
    [(held,)] = await court.world.rows("select count(*) from protection_slots where upper(during) > $1", court.now)
    assert held == 1, "a reopening does not bring it back"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"outcome": "uphold", "deal_id": str(uuid4())}, "ruling_invalid"),
        ({"outcome": "reassign", "to_partner_id": "rival"}, "ruling_invalid"),
        ({"outcome": "split"}, "ruling_invalid"),
        ({"outcome": "end_protection", "deal_id": str(uuid4())}, "deal_not_concerned"),
        ({"outcome": "reassign", "deal_id": "mine", "to_partner_id": str(uuid4())}, "not_a_side"),
        ({"outcome": "reassign", "deal_id": "mine", "to_partner_id": "me"}, "ruling_invalid"),
        ({"outcome": "split", "deal_id": "mine", "credits": [{"partner_id": "me", "share": "1/2"}]}, "splits_not_one"),
        ({"outcome": "split", "deal_id": "mine", "credits": [{"partner_id": "me", "share": "1/0"}]}, "splits_not_one"),
        ({"outcome": "uphold", "clause": "registration.mercy"}, "clause_unknown"),
        ({"outcome": "uphold", "policy_version": 9}, "clause_unknown"),
        ({"outcome": "end_protection", "deal_id": "theirs"}, "protection_over"),
    ],
)
async def test_decision_when_it_is_not_right_then_refused_and_nothing_is_decided(court: Court, changed: dict[str, Any], code: str) -> None:
    conflict = await court.to_decision(await court.overlap())
    names = {
        "mine": court.deal(conflict, court.world.partner_id),
        "theirs": court.deal(conflict, court.world.rival_id),
        "me": str(court.world.partner_id),
        "rival": str(court.world.rival_id),
    }

    def named(value: Any) -> Any:
        if isinstance(value, list):
            return [{key: named(each) for key, each in row.items()} for row in value]
        return names.get(value, value)

    answer = await court.attempt(conflict, "decide", **(CLAUSE | {key: named(value) for key, value in changed.items()}))
    assert answer.json()["code"] == code, answer.text
    assert (await court.read(conflict))["state"] == "open"
    assert await court.told("conflict.decided") == []


async def test_reassign_when_the_partner_may_not_work_then_refused(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    await court.world.heard(court.world.rival_id, Standing.SUSPENDED, sequence=2)
    deal, to = court.deal(conflict, court.world.partner_id), str(court.world.rival_id)
    answer = await court.attempt(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=to, **CLAUSE)
    assert (answer.status_code, answer.json()["code"]) == (403, "partner_inactive")


async def test_decision_when_eight_come_at_once_then_one_decides(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    deal, to = court.deal(conflict, court.world.partner_id), str(court.world.rival_id)
    answers = await asyncio.gather(
        *(court.attempt(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=to, **CLAUSE) for _ in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"conflict_decided"}
    assert len(await court.told("deal.reassigned")) == 1
    assert await _open_deals(court) == {court.world.partner_id: 0, court.world.rival_id: 2}


@pytest.mark.parametrize("outcome", ["reassign", "split", "end_protection"])
async def test_decision_when_it_races_with_a_close_then_facts_have_no_gap_and_credit_is_as_decided(court: Court, outcome: str) -> None:
    conflict = await court.to_decision(await court.overlap())
    deal, to = court.deal(conflict, court.world.partner_id), str(court.world.rival_id)
    body = {
        "reassign": {"to_partner_id": to},
        "split": {"credits": [{"partner_id": to, "share": "1"}]},
        "end_protection": {},
    }[outcome]
    deciding = court.attempt(conflict, "decide", outcome=outcome, deal_id=deal, **body, **CLAUSE)
    closing = court.world.staff.post(f"/v1/deals/{deal}/close", json={"outcome": "won", "amount": "10.00"})
    registering = court.world.register(account_name="Acme Holding", account_domain=None)
    decided, closed, other = await asyncio.gather(deciding, closing, registering)
    assert closed.status_code == 200, closed.text
    assert other.status_code in {201, 409}
    assert decided.status_code == 200 or (outcome, decided.json()["code"]) == ("end_protection", "deal_not_open")
    about = [(sequence, topic, event) for topic, sequence, event in await court.world.events() if event.get("deal_id") == deal]
    assert [sequence for sequence, _, _ in sorted(about, key=lambda each: each[0])] == list(range(1, len(about) + 1))
    last = max((each for each in about if each[1] in {"deal.closed", "deal.amended"}), key=lambda each: each[0])
    if outcome != "end_protection":
        assert last[2]["credits"] == [{"partner_id": to, "share": "1"}]


async def test_decision_when_the_former_partner_ends_at_that_moment_then_the_deal_is_one_ones_alone(court: Court) -> None:
    conflict = await court.to_decision(await court.overlap())
    deal, to = court.deal(conflict, court.world.partner_id), str(court.world.rival_id)
    deciding = court.attempt(conflict, "decide", outcome="reassign", deal_id=deal, to_partner_id=to, **CLAUSE)
    answer, _ = await asyncio.gather(deciding, court.world.heard(court.world.partner_id, Standing.TERMINATED, sequence=2))
    [(state, partner)] = await court.world.rows("select state, partner_id::text from deals where id = $1", deal)
    assert (answer.status_code, state, partner) in {(200, "open", to), (409, "withdrawn", str(court.world.partner_id))}


_TOLD = """
select d.version, (select count(*) from outbox o where o.type like 'hansa.deal.%' and o.payload::jsonb ->> 'deal_id' = d.id::text)
from deals d"""


async def test_decisions_when_made_beside_imports_withdrawals_and_registrations_then_all_are_answered_and_the_sums_agree(
    court: Court,
) -> None:
    names = [f"Customer {n}" for n in range(12)]
    partners = (court.world.partner_id, court.world.rival_id)
    rows = [court.row(f"{n} {who}", who, account_name=name, minutes=20) for n, name in enumerate(names) for who in partners]
    await court.world.imported(*rows)
    conflicts = [await court.to_decision(conflict) for conflict in await court.conflicts()]
    assert len(conflicts) == len(names)
    deals, to = [court.deal(conflict, court.world.partner_id) for conflict in conflicts], str(court.world.rival_id)
    bodies: list[dict[str, Any]] = [
        {"outcome": "reassign", "to_partner_id": to},
        {"outcome": "split", "credits": [{"partner_id": to, "share": "1"}]},
        {"outcome": "end_protection"},
    ]
    pairs = enumerate(zip(conflicts, deals, strict=True))
    deciding = [court.attempt(conflict, "decide", deal_id=deal, **bodies[n % 3], **CLAUSE) for n, (conflict, deal) in pairs]
    lost = {"stage": "lost", "closed_at": court.now.isoformat()}
    importing = [court.world.imported(*(row | lost for row in part)) for part in (rows[::4], rows[1::4][::-1])]
    withdrawing = [court.world.staff.post(f"/v1/deals/{deal}/withdraw", json={"reason": "x"}) for deal in deals[::2]]
    registering = [court.world.register(account_name=name, account_domain=None) for name in names]
    single = await asyncio.gather(*deciding, *withdrawing, *registering, *importing)
    answers = [answer for answer in single if not isinstance(answer, list)]
    assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
    counted = "select partner_id, count(*) filter (where state = 'open') from deals group by 1 order by 1"
    assert await court.world.rows(counted) == await court.world.rows("select partner_id, open_deals from registration_quotas order by 1")
    assert [row for row in await court.world.rows(_TOLD) if row[0] != row[1]] == []
