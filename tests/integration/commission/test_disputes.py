"""Disputes in the books: what they hold back, how they end, and what comes in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.commission.domain.entries import Account
from services.commission.domain.facts import Moved
from shared.chassis.service import Service
from shared.chassis.timers import Timer
from tests.integration.commission.facts import NOW, amended, closed, partner, refunded, reopened, rows, take_in
from tests.integration.commission.parties import Parties

DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)


async def test_dispute_when_opened_then_its_entry_is_not_released_and_says_so(parties: Parties) -> None:
    entry_id = await parties.accrued()
    dispute = await parties.open(entry_id)
    assert (dispute["state"], dispute["hold"], dispute["held"]["amount_minor"]) == ("open", "entry", 15_00)
    assert dispute["due_at"] == (NOW + 10 * DAY).isoformat().replace("+00:00", "Z")
    await parties.time(NOW + 60 * DAY)
    assert await parties.balance() == (15_00, 0, 0, 0)
    assert (await parties.client().get(f"/v1/entries/{entry_id}")).json()["state"] == "disputed"


@pytest.mark.parametrize("days", [5, 60])
async def test_dispute_when_declined_then_release_goes_on_when_the_hold_ends_or_at_once(parties: Parties, days: int) -> None:
    dispute = await parties.open(await parties.accrued())
    await parties.time(NOW + days * DAY)
    await parties.done(dispute, "decline", reason="The rate is that of the plan.")
    due = max(NOW + days * DAY, NOW + 30 * DAY)
    assert await rows(parties.service, "select due_at from entries") == [(due,)]
    await parties.time(due)
    assert await parties.balance() == (0, 15_00, 0, 0)


@pytest.mark.parametrize(("amount", "minor"), [("2.50", 2_50), ("-4.00", -4_00), ("1000", 1000_00)])
async def test_dispute_when_resolved_then_the_adjustment_is_payable_at_once_and_the_entry_stands(
    parties: Parties, amount: str, minor: int
) -> None:
    entry_id = await parties.accrued()
    dispute = await parties.open(entry_id)
    resolved = await parties.done(dispute, "resolve", amount=amount, reason="Half a point was missing.")
    assert (resolved["state"], resolved["adjustment"]) == ("adjusted", {"amount_minor": minor, "currency": "USD"})
    assert await parties.balance() == (15_00, minor, 0, 0)
    entry = (await parties.client().get(f"/v1/entries/{resolved['adjustment_entry_id']}")).json()
    assert (entry["kind"], entry["amount"]["amount_minor"], entry["reverses"], entry["state"]) == (
        "adjustment",
        minor,
        str(entry_id),
        "booked",
    )
    await parties.time(NOW + 30 * DAY)
    assert await parties.balance() == (0, 15_00 + minor, 0, 0)


async def test_dispute_when_withdrawn_then_nothing_is_held_and_another_may_be_opened(parties: Parties) -> None:
    entry_id = await parties.accrued()
    dispute = await parties.open(entry_id)
    assert (await parties.done(dispute, "withdraw", by=1, reason="I see."))["state"] == "withdrawn"
    await parties.open(entry_id)
    await parties.time(NOW + 30 * DAY)
    assert await parties.balance() == (15_00, 0, 0, 0)


async def test_entry_when_released_before_then_it_is_held_again_until_the_dispute_ends(parties: Parties) -> None:
    entry_id = await parties.accrued()
    await parties.time(NOW + 30 * DAY)
    dispute = await parties.open(entry_id)
    assert dispute["hold"] == "entry"
    await parties.time(NOW + 31 * DAY)
    assert await parties.balance() == (15_00, 0, 0, 0)
    await parties.done(dispute, "decline", reason="It is right.")
    await parties.time(NOW + 31 * DAY)
    assert await parties.balance() == (0, 15_00, 0, 0)


async def test_entry_when_paid_out_before_then_nothing_is_called_back_and_the_adjustment_settles_it(parties: Parties) -> None:
    entry_id = await parties.accrued()
    await parties.time(NOW + 30 * DAY)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 15_00))
    dispute = await parties.open(entry_id)
    assert (dispute["hold"], dispute["held"]["amount_minor"]) == ("nothing", 0)
    assert await parties.balance() == (0, 0, 15_00, 0)
    await parties.done(dispute, "resolve", amount="5.00", reason="Five were missing.")
    assert await parties.balance() == (0, 5_00, 15_00, 0)


async def test_entry_when_paid_out_in_part_then_the_rest_of_it_is_held_and_no_more(parties: Parties) -> None:
    entry_id = await parties.accrued()
    await parties.time(NOW + 30 * DAY)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 9_00))
    dispute = await parties.open(entry_id)
    assert (dispute["hold"], dispute["held"]["amount_minor"]) == ("amount", 6_00)
    await take_in(parties.service, refunded(1, 20_00))
    assert await parties.balance() == (6_00, -3_00, 9_00, 0)
    await parties.done(dispute, "decline", reason="It is right.")
    assert await parties.balance() == (0, 3_00, 9_00, 0)


async def test_bonus_when_disputed_then_what_is_payable_of_it_is_kept_and_comes_back(parties: Parties) -> None:
    bonus = await parties.book(1, 70_00)
    await parties.book(2, 40_00)
    dispute = await parties.open(bonus)
    assert (dispute["hold"], dispute["deal_id"]) == ("amount", None)
    assert await parties.balance() == (70_00, 40_00, 0, 0)
    await parties.done(dispute, "resolve", amount="-20.00", reason="The target was missed by one deal.")
    assert await parties.balance() == (0, 90_00, 0, 0)


async def test_debit_when_disputed_then_there_is_nothing_to_hold(parties: Parties) -> None:
    await parties.accrued()
    await take_in(parties.service, refunded(1, 40_00))
    ((reversal,),) = await rows(parties.service, "select id from entries where kind = 'reversal'")
    dispute = await parties.open(reversal)
    assert dispute["hold"] == "nothing"
    await parties.time(NOW + 30 * DAY)
    assert await parties.balance() == (0, 9_00, 0, 0)
    await parties.done(dispute, "resolve", amount="6.00", reason="It was no refund.")
    assert await parties.balance() == (0, 15_00, 0, 0)


async def test_refund_when_it_arrives_meanwhile_then_it_is_taken_from_what_is_frozen(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    await parties.time(NOW + 40 * DAY)
    await take_in(parties.service, refunded(1, 40_00))
    assert await parties.balance() == (9_00, 0, 0, 0)
    await parties.done(dispute, "decline", reason="It is right.")
    await parties.time(NOW + 40 * DAY)
    assert await parties.balance() == (0, 9_00, 0, 0)


@pytest.mark.parametrize("change", ["reopened", "amended", "closed again"])
@pytest.mark.parametrize("end", ["decline", "resolve", "withdraw"])
async def test_deal_when_undone_meanwhile_then_the_dispute_ends_as_it_would(parties: Parties, change: str, end: str) -> None:
    dispute = await parties.open(await parties.accrued())
    facts = {"reopened": [reopened(1)], "amended": [amended(1, 60_00)], "closed again": [reopened(1), closed(1, 60_00, close_number=2)]}
    await take_in(parties.service, *facts[change])
    left = 0 if change == "reopened" else 9_00
    assert await parties.balance() == (left, 0, 0, 0)
    bodies = {"decline": {}, "resolve": {"amount": "1.00"}, "withdraw": {"by": 1}}
    await parties.done(dispute, end, reason="The deal was undone.", **bodies[end])
    await parties.time(NOW + 30 * DAY)
    assert await parties.balance() == (0, left + (1_00 if end == "resolve" else 0), 0, 0)


async def test_share_when_its_partner_disputes_it_then_it_alone_is_frozen_in_the_registrants_deal(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00, shares={1: "0.5", 2: "0.3", 3: "0.2"}))
    ((entry_id,),) = await rows(parties.service, f"select id from entries where partner_id = '{partner(2)}'")
    dispute = await parties.open(entry_id, by=2)
    await parties.time(NOW + 30 * DAY)
    first, second = partner(1), partner(2)
    by_partner = f"select held_minor, payable_minor from balances order by partner_id <> '{first}', partner_id <> '{second}'"
    assert await rows(parties.service, by_partner) == [(0, 7_50), (4_50, 0), (0, 3_00)]
    await parties.done(dispute, "withdraw", by=2, reason="I see.")
    await parties.time(NOW + 30 * DAY)
    assert await rows(parties.service, by_partner) == [(0, 7_50), (0, 4_50), (0, 3_00)]


async def test_adjustment_when_disputed_itself_then_only_it_is_kept(parties: Parties) -> None:
    first = await parties.done(await parties.open(await parties.accrued()), "resolve", amount="2.00", reason="Missing.")
    dispute = await parties.open(UUID(first["adjustment_entry_id"]))
    assert (dispute["hold"], dispute["held"]["amount_minor"]) == ("amount", 2_00)
    await parties.done(dispute, "decline", reason="Two it is.")
    await parties.time(NOW + 30 * DAY)
    assert await parties.balance() == (0, 17_00, 0, 0)


async def test_entry_when_many_dispute_it_at_once_then_one_dispute_is_open(parties: Parties) -> None:
    entry_id = await parties.accrued()
    answers = await asyncio.gather(*(parties.tried(entry_id) for _ in range(8)))
    assert sorted(status for status, _ in answers) == [201] + [409] * 7
    assert {code for status, code in answers if status == 409} == {"dispute_open"}
    assert await rows(parties.service, "select count(*) from journal where kind = 'frozen'") == [(1,)]


async def test_second_dispute_when_the_rule_is_bypassed_then_the_database_refuses_it(parties: Parties) -> None:
    await parties.open(await parties.accrued())
    copy = (
        "insert into disputes (id, partner_id, entry_id, currency, state, hold, held_minor, reason, opened_at, opened_by, due_at, version)"
    )
    with pytest.raises(Exception, match="ix_disputes_one"):
        await rows(
            parties.service,
            f"{copy} select gen_random_uuid(), partner_id, entry_id, currency, 'answered', hold, held_minor, reason, opened_at, opened_by, "
            "due_at, version from disputes",
        )


async def test_release_when_it_races_with_the_dispute_then_the_entry_ends_up_held(parties: Parties) -> None:
    entry_id = await parties.accrued()
    parties.clock.set(NOW + 30 * DAY)
    await asyncio.gather(parties.open(entry_id), parties.service.worker.timers.run_due())
    assert await parties.balance() == (15_00, 0, 0, 0)


async def test_decisions_when_they_race_then_one_counts(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    every = (parties.act(dispute, "resolve", amount="1.00", reason="One."), parties.act(dispute, "decline", reason="No."))
    answers = await asyncio.gather(*every, parties.act(dispute, "withdraw", by=1, reason="I see."))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    assert await rows(parties.service, "select count(*) from journal where kind = 'thawed'") == [(1,)]
    assert await rows(parties.service, "select count(*) from outbox where type = 'hansa.commission.dispute_resolved.v1'") == [(1,)]


@pytest.mark.parametrize(("late", "status"), [(timedelta(microseconds=-1), 201), (timedelta(), 409)])
async def test_dispute_when_thirty_days_after_the_statement_then_too_late_and_before_it_always_in_time(
    parties: Parties, late: timedelta, status: int
) -> None:
    entry_id = await parties.accrued()
    await parties.time(APRIL + 3 * DAY)  # that is when the statement of March is issued
    parties.clock.set(APRIL + 33 * DAY + late)
    assert await parties.tried(entry_id) == (status, "dispute_too_late" if status == 409 else None)


async def test_dispute_when_no_statement_shows_the_entry_then_in_time(parties: Parties) -> None:
    entry_id = await parties.accrued()
    parties.clock.set(NOW + 300 * DAY)
    assert (await parties.open(entry_id))["state"] == "open"


async def test_answer_when_late_then_overdue_once_however_many_lead_and_in_time_again_once_given(parties: Parties) -> None:
    second = await parties.stage.build("commission", kafka=False, secret_keys=parties.service.platform.settings.secret_keys)
    dispute = await parties.open(await parties.accrued())
    await parties.time(NOW + 10 * DAY - timedelta(microseconds=1))
    assert (await parties.staff.get("/v1/disputes?overdue=true")).json()["items"] == []
    parties.clock.set(NOW + 10 * DAY)
    done = await asyncio.gather(*(worker.worker.timers.run_due() for worker in (parties.service, second) for _ in range(3)))
    assert sum(done) == 1
    (late,) = (await parties.staff.get("/v1/disputes?overdue=true")).json()["items"]
    assert late["id"] == dispute["id"]
    until = (NOW + 12 * DAY).isoformat()
    answered = await parties.done(dispute, "answer", answer="We look into it.", decide_by=until)
    assert (answered["state"], answered["overdue"], datetime.fromisoformat(answered["due_at"])) == ("answered", False, NOW + 12 * DAY)
    await parties.time(NOW + 12 * DAY)
    assert (await parties.staff.get(f"/v1/disputes/{dispute['id']}")).json()["overdue"] is True


class _Died(Exception):
    """The process is gone before the commit."""


async def _die_within(service: Service, timer: Timer) -> None:
    async with service.platform.worker_database.transaction() as uow:
        assert await timer.run(uow) == 1
        raise _Died


async def test_overdue_when_the_leader_dies_within_its_portion_then_the_next_one_marks_them_all(parties: Parties) -> None:
    await parties.open(await parties.accrued())
    parties.clock.set(NOW + 10 * DAY)

    timer = next(timer for timer in parties.service.timers if timer.name == "mark overdue disputes")
    with pytest.raises(_Died):
        await _die_within(parties.service, timer)
    assert await rows(parties.service, "select overdue_at from disputes") == [(None,)]
    await parties.service.worker.timers.run_due()
    assert await rows(parties.service, "select overdue_at from disputes") == [(NOW + 10 * DAY,)]


async def test_life_of_a_dispute_when_told_then_each_step_is_an_event_without_words(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    await parties.done(dispute, "answer", answer="We look into it.")
    await parties.done(dispute, "resolve", amount="2.50", reason="Half a point was missing.")
    told = await rows(parties.service, "select type, payload from outbox where type like '%dispute%' or type like '%adjusted%' order by id")
    kinds = ["dispute_opened", "dispute_answered", "adjusted", "dispute_resolved"]
    assert [kind for kind, _ in told] == [f"hansa.commission.{kind}.v1" for kind in kinds]
    assert not any(words in payload for _, payload in told for words in ("rate is wrong", "look into", "Half a point"))


async def test_entry_when_it_was_adjusted_then_its_explanation_says_why(parties: Parties) -> None:
    resolved = await parties.done(await parties.open(await parties.accrued()), "resolve", amount="2.50", reason="Half a point was missing.")
    told = (await parties.client().get(f"/v1/entries/{resolved['adjustment_entry_id']}/explain")).json()
    assert told["steps"] == [{"what": "Half a point was missing.", "amount": "2.50"}]
