"""Conflicts over deals in the books: what is earned on them is held until the last is decided, in whatever order all of it is told."""

import asyncio
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from services.commission.domain.entries import Account
from services.commission.domain.facts import Moved
from services.commission.store.plans import Plans
from services.commission.use_cases.release_due import ReleaseDue
from services.commission.use_cases.replay import Asked, Replay
from shared.schemas.base import Event
from tests.integration.commission.facts import (
    NOW,
    amended,
    closed,
    conflict_decided,
    conflict_opened,
    partner,
    refunded,
    reopened,
    rows,
    take_in,
)
from tests.integration.commission.parties import ACCRUAL, Parties

DAY = timedelta(days=1)
LATER = NOW + 60 * DAY
OPENED, DECIDED = conflict_opened(1, 1), conflict_decided(1, 1)
HELD, PAYABLE = (15_00, 0, 0, 0), (0, 15_00, 0, 0)


async def _by_partner(parties: Parties) -> dict[UUID, tuple[int, int]]:
    return {row[0]: (row[1], row[2]) for row in await rows(parties.service, "select partner_id, held_minor, payable_minor from balances")}


async def _entry(parties: Parties, *, number: int = 1) -> dict[str, object]:
    entry_id = (await rows(parties.service, ACCRUAL))[number - 1][0]
    found: dict[str, object] = (await parties.client().get(f"/v1/entries/{entry_id}")).json()
    return found


@pytest.mark.parametrize("order", [(OPENED, closed(1, 100_00)), (closed(1, 100_00), OPENED)])
@pytest.mark.parametrize("together", [True, False])
async def test_entry_when_its_deal_is_contested_then_held_and_says_so_until_it_is_decided(
    parties: Parties, order: tuple[Event, ...], together: bool
) -> None:
    for events in [order] if together else [(event,) for event in order]:
        await take_in(parties.service, *events)
    await parties.time(LATER)
    assert await parties.balance() == HELD
    entry = await _entry(parties)
    assert (entry["state"], entry["contested_at"]) == ("contested", NOW.isoformat().replace("+00:00", "Z"))
    told = (await parties.client().get(f"/v1/entries/{entry['id']}/explain")).json()["sentences"]
    assert any(sentence.startswith("A conflict over its deal is open; since 2026") for sentence in told)
    await take_in(parties.service, DECIDED)
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE
    assert (await _entry(parties))["state"] == "payable"


@pytest.mark.parametrize("order", list(permutations([closed(1, 100_00), OPENED, DECIDED])))
async def test_conflict_when_all_is_told_in_any_order_and_again_then_nothing_is_held_in_the_end(
    parties: Parties, order: tuple[Event, ...]
) -> None:
    for event in (*order, OPENED, DECIDED, OPENED):
        await take_in(parties.service, event)
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE
    assert await rows(parties.service, "select count(*) from deal_conflicts where decided_at is null") == [(0,)]


async def test_entry_when_decided_before_its_hold_ends_then_due_when_that_ends(parties: Parties) -> None:
    await take_in(parties.service, OPENED, closed(1, 100_00))
    await take_in(parties.service, DECIDED)
    assert await rows(parties.service, "select due_at from entries") == [(NOW + 30 * DAY,)]


@pytest.mark.parametrize("first", [1, 2])
async def test_entry_when_two_conflicts_are_over_its_deal_then_held_until_both_are_decided(parties: Parties, first: int) -> None:
    await take_in(parties.service, OPENED, closed(1, 100_00), conflict_opened(2, 1))
    await take_in(parties.service, conflict_decided(first, 1))
    await parties.time(LATER)
    assert await parties.balance() == HELD
    await take_in(parties.service, conflict_decided(3 - first, 1))
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE


async def test_entry_when_released_before_then_held_again_and_in_no_payout(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(LATER)
    await take_in(parties.service, OPENED)
    assert await parties.balance() == HELD
    assert (await parties.staff.post("/v1/payout-batches", json={"currency": "USD"})).status_code == 201
    assert await rows(parties.service, "select amount_minor from payouts") == []
    await take_in(parties.service, DECIDED)
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE


async def test_entry_when_paid_out_already_then_nothing_is_called_back(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(LATER)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 15_00))
    await take_in(parties.service, OPENED)
    assert await parties.balance() == (0, 0, 15_00, 0)
    assert (await _entry(parties))["state"] == "payable"
    await take_in(parties.service, DECIDED)
    assert await parties.balance() == (0, 0, 15_00, 0)


async def test_conflict_when_it_is_told_again_then_what_was_paid_is_not_held_against_later_earnings(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(LATER)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 15_00))
    await take_in(parties.service, OPENED)
    await parties.book(2, 70_00)
    await take_in(parties.service, conflict_opened(1, 1, 2))
    assert await parties.balance() == (0, 70_00, 15_00, 0)


@pytest.mark.parametrize("end", ["decided", "undone"])
async def test_entry_when_paid_out_in_part_then_the_rest_of_it_is_kept_back(parties: Parties, end: str) -> None:
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(LATER)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 9_00))
    await take_in(parties.service, OPENED)
    assert await parties.balance() == (6_00, 0, 9_00, 0)
    assert (await _entry(parties))["state"] == "contested"
    await take_in(parties.service, DECIDED if end == "decided" else reopened(1))
    assert await parties.balance() == ((0, 6_00, 9_00, 0) if end == "decided" else (0, -9_00, 9_00, 0))
    assert (await _entry(parties))["state"] == "payable"


async def test_share_when_the_deal_is_contested_then_every_beneficiarys_is_held(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00, shares={1: "0.5", 2: "0.5"}), closed(2, 100_00, shares={2: "1"}))
    await parties.time(LATER)
    await take_in(parties.service, OPENED)
    assert await _by_partner(parties) == {partner(1): (7_50, 0), partner(2): (7_50, 15_00)}
    await take_in(parties.service, DECIDED)
    await parties.time(LATER)
    assert await _by_partner(parties) == {partner(1): (0, 7_50), partner(2): (0, 22_50)}


@pytest.mark.parametrize("change", ["amended", "refunded", "closed again"])
async def test_deal_when_it_changes_while_contested_then_what_stands_is_held(parties: Parties, change: str) -> None:
    facts = {
        "amended": [amended(1, 60_00)],
        "refunded": [refunded(1, 40_00)],
        "closed again": [reopened(1), closed(1, 60_00, close_number=2)],
    }
    await take_in(parties.service, closed(1, 100_00), OPENED)
    await take_in(parties.service, *facts[change])
    await parties.time(LATER)
    assert await parties.balance() == (9_00, 0, 0, 0)
    assert await rows(parties.service, "select count(*) from entries where contested_at is not null") == [(1,)]
    await take_in(parties.service, DECIDED)
    await parties.time(LATER)
    assert await parties.balance() == (0, 9_00, 0, 0)


@pytest.mark.parametrize("credits_", [{2: "1"}, {1: "1/3", 2: "2/3"}])
@pytest.mark.parametrize("first", ["correction", "decision"])
async def test_credit_when_the_decision_changes_it_then_nothing_goes_on_before_the_correction_is_in(
    parties: Parties, credits_: dict[int, str], first: str
) -> None:
    await take_in(parties.service, closed(1, 90_00), OPENED, conflict_opened(1, owner=2))
    await parties.time(LATER)
    correction = amended(1, 90_00, shares=credits_).model_copy(update={"partner_id": partner(1)})
    decision = conflict_decided(1, 1, corrects=(1, 1))
    steps = [correction, decision] if first == "correction" else [decision, correction]
    await take_in(parties.service, steps[0])
    await parties.time(LATER)
    assert sum(payable for _, payable in (await _by_partner(parties)).values()) == 0
    await take_in(parties.service, steps[1], conflict_decided(1, owner=2))
    await parties.time(LATER)
    wanted = {partner(1): (0, 0), partner(2): (0, 13_50)} if len(credits_) == 1 else {partner(1): (0, 4_50), partner(2): (0, 9_00)}
    assert await _by_partner(parties) == wanted


async def test_decision_when_it_comes_before_the_corrected_close_then_waits_for_both(parties: Parties) -> None:
    await take_in(parties.service, OPENED)
    await take_in(parties.service, conflict_decided(1, 1, corrects=(1, 1)))
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(LATER)
    assert await parties.balance() == HELD
    await take_in(parties.service, amended(1, 60_00))
    await parties.time(LATER)
    assert await parties.balance() == (0, 9_00, 0, 0)


async def test_deal_when_it_went_to_another_partner_then_the_former_ones_conflict_holds_it_all_the_same(parties: Parties) -> None:
    await take_in(parties.service, OPENED, conflict_opened(2, 1), closed(1, 50_00, close_number=1))
    await take_in(parties.service, reopened(1), conflict_decided(1, 1))  # to the second partner, who closes it again
    await take_in(parties.service, closed(1, 100_00, shares={2: "1"}, close_number=2))
    await parties.time(LATER)
    assert (await _by_partner(parties))[partner(2)] == (15_00, 0)
    assert await rows(parties.service, "select partner_id from deals") == [(partner(2),)]
    await take_in(parties.service, conflict_decided(2, 1))
    await parties.time(LATER)
    assert (await _by_partner(parties))[partner(2)] == (0, 15_00)


@pytest.mark.parametrize("first", ["dispute", "conflict"])
@pytest.mark.parametrize("released", [True, False])
async def test_entry_when_disputed_and_contested_then_held_until_both_end(parties: Parties, first: str, released: bool) -> None:
    await take_in(parties.service, closed(1, 100_00))
    entry_id = (await rows(parties.service, ACCRUAL))[0][0]
    if released:
        await parties.time(LATER)
    await take_in(parties.service, OPENED)
    dispute = await parties.open(entry_id)
    if first == "dispute":
        await parties.done(dispute, "decline", reason="It is right.")
    else:
        await take_in(parties.service, DECIDED)
    await parties.time(LATER)
    assert await parties.balance() == HELD
    if first == "dispute":
        await take_in(parties.service, DECIDED)
    else:
        await parties.done(dispute, "decline", reason="It is right.")
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE


async def test_dispute_when_what_it_kept_comes_back_then_the_conflict_keeps_it(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    entry_id = (await rows(parties.service, ACCRUAL))[0][0]
    await parties.time(LATER)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 9_00))
    dispute = await parties.open(entry_id)
    await take_in(parties.service, OPENED)
    assert await parties.balance() == (6_00, 0, 9_00, 0)
    await parties.done(dispute, "decline", reason="It is right.")
    assert await parties.balance() == (6_00, 0, 9_00, 0)
    await take_in(parties.service, DECIDED)
    assert await parties.balance() == (0, 6_00, 9_00, 0)


async def test_release_when_it_races_with_the_conflict_then_all_of_it_is_held(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00), closed(2, 100_00))
    parties.clock.set(LATER)

    async def release() -> None:
        async with parties.service.platform.worker_database.transaction() as uow:
            await ReleaseDue(Plans())(uow)

    await asyncio.gather(release(), take_in(parties.service, OPENED), release(), take_in(parties.service, conflict_opened(2, 2)), release())
    assert await parties.balance() == (30_00, 0, 0, 0)
    await take_in(parties.service, DECIDED, conflict_decided(2, 2))
    await parties.time(LATER)
    assert await parties.balance() == (0, 30_00, 0, 0)


async def test_payout_when_it_starts_as_the_conflict_opens_then_paid_whole_or_not_at_all(parties: Parties) -> None:
    for number in range(1, 5):
        await take_in(parties.service, closed(number, 100_00))
    await parties.time(LATER)

    async def pay() -> None:
        ((payable,),) = await rows(parties.service, "select payable_minor from balances")
        if payable:
            await parties.book(99, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, payable))

    await asyncio.gather(take_in(parties.service, *(conflict_opened(n, n) for n in range(1, 5))), pay())
    held, payable, under_way, _ = await parties.balance()
    assert held + payable + under_way == 60_00
    await take_in(parties.service, *(conflict_decided(n, n) for n in range(1, 5)))


async def test_close_when_it_races_with_both_words_of_a_conflict_then_nothing_stays_held(parties: Parties) -> None:
    events = [OPENED, closed(1, 100_00), DECIDED]
    await asyncio.gather(*(take_in(parties.service, event) for event in events))
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE


async def test_release_when_the_close_passed_the_conflict_by_then_it_is_held_instead(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    async with parties.service.platform.worker_database.transaction() as uow:  # as if both were taken in at one moment, by two partners
        await uow.fetch(
            "insert into deal_conflicts (deal_id, conflict_id, partner_id, heard_at) select deal_id, $1, $2, $3 from deals",
            OPENED.conflict_id,
            partner(2),
            NOW,
        )
    await parties.time(LATER)
    assert await parties.balance() == HELD
    assert (await _entry(parties))["state"] == "contested"
    await take_in(parties.service, conflict_decided(1, 1, owner=2))
    await parties.time(LATER)
    assert await parties.balance() == PAYABLE


@pytest.mark.parametrize("jobs", [1, 3])
async def test_replay_when_conflicts_held_and_moved_deals_then_it_comes_to_the_same(parties: Parties, jobs: int) -> None:
    for number in range(1, 9):
        first, then = number % 3 + 1, (number + 1) % 3 + 1
        await take_in(parties.service, conflict_opened(number, number, owner=first), closed(number, 100_00, shares={first: "1"}))
        await take_in(parties.service, reopened(number, owner=first), conflict_decided(number, number, owner=first))
        await take_in(parties.service, closed(number, 70_00, shares={then: "1"}, close_number=2))
        await parties.time(NOW + (20 + number * 5) * DAY)
        await take_in(parties.service, conflict_opened(50 + number, number, owner=then))
    await take_in(parties.service, *(conflict_decided(50 + number, number, owner=(number + 1) % 3 + 1) for number in range(1, 5)))
    found = await Replay(parties.service.platform.settings.worker_url, Asked(), jobs=jobs, size=3).run()
    assert (found.comparison.differences, found.same) == ([], True)
    alone = await Replay(parties.service.platform.settings.worker_url, Asked(partner=partner(1)), jobs=1, size=3).run()
    assert alone.same
