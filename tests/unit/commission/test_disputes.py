"""How a dispute goes: in time or too late, answered once, settled once, and what it holds of an entry."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.commission.domain import dispute as domain
from services.commission.domain.book import Book
from services.commission.domain.dispute import Dispute, DisputeRules, Hold, Said, State
from services.commission.domain.dispute_hold import Disputed, hold_back, let_go
from services.commission.domain.dispute_refusals import (
    AdjustmentZero,
    DecisionDueInvalid,
    DisputeAnswered,
    DisputeSettled,
    DisputeTooLate,
)
from services.commission.domain.entries import Account, Entry, Given, Kind
from services.commission.domain.facts import Booked, Frozen, Moved, Released, Thawed
from services.commission.domain.outcome import Posting
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from tests.support.commission_world import AT, closed, deal, plan, reopened, terms, who

DAY = timedelta(days=1)
RULES = DisputeRules(30 * DAY, 10 * DAY)
SAID = Said("The rate is wrong.", AT, "ann")
LATER = Said("It is right.", AT + DAY, "bob")
BONUS = Entry(
    id=derived_id("bonus"),
    fact_id="bonus",
    kind=Kind.BONUS,
    partner_id=who(1),
    deal_id=None,
    close_number=None,
    amount=70_00,
    revenue=0,
    currency="USD",
    plan_version=1,
    rule="quarter",
    month=date(2026, 3, 1),
    closed_at=None,
    release_at=None,
    reason="target",
    derivation=Given("Target reached."),
)


def book() -> tuple[Book, Entry]:
    """A deal of 100.00 that gave 15.00."""
    books = Book(plan())
    outcome = books.take(closed(1, terms(100_00)))
    assert isinstance(outcome, Posting)
    return books, outcome.entries[0]


def dispute(entry: Entry = BONUS, *, stated_at: datetime | None = None) -> Dispute:
    return domain.begin(UUID(int=1), entry, SAID, stated_at=stated_at, rules=RULES)


def now(books: Book, entry: Entry, *, payable: int) -> Disputed:
    return Disputed(books.plan, books.deals.get(deal(1)), entry.amount, entry.amount, payable)


def test_dispute_when_opened_then_its_answer_is_due_by_the_rules() -> None:
    opened = dispute()
    assert (opened.state, opened.due_at, opened.version, opened.hold) == (State.OPEN, AT + 10 * DAY, 1, Hold.NOTHING)


def test_dispute_when_its_statement_is_thirty_days_old_then_too_late_and_a_microsecond_before_in_time() -> None:
    with pytest.raises(DisputeTooLate, match="30 days after the statement"):
        dispute(stated_at=AT - 30 * DAY)
    assert dispute(stated_at=AT - 30 * DAY + timedelta(microseconds=1)).state is State.OPEN


def test_answer_when_given_then_the_decision_is_due_by_the_rules_or_the_day_it_names() -> None:
    late = replace(dispute(), overdue_at=AT)
    answered = domain.answer(late, LATER, decide_by=None, rules=RULES)
    assert (answered.state, answered.due_at, answered.overdue, answered.version) == (State.ANSWERED, AT + 11 * DAY, False, 2)
    assert domain.answer(late, LATER, decide_by=AT + 2 * DAY, rules=RULES).due_at == AT + 2 * DAY


def test_answer_when_the_decision_would_be_due_before_it_then_refused() -> None:
    with pytest.raises(DecisionDueInvalid):
        domain.answer(dispute(), LATER, decide_by=LATER.at, rules=RULES)


def test_answer_when_there_is_one_then_refused() -> None:
    with pytest.raises(DisputeAnswered):
        domain.answer(domain.answer(dispute(), LATER, decide_by=None, rules=RULES), LATER, decide_by=None, rules=RULES)


@pytest.mark.parametrize("answered", [False, True])
def test_dispute_when_settled_then_settled_for_good(answered: bool) -> None:
    pending = domain.answer(dispute(), LATER, decide_by=None, rules=RULES) if answered else dispute()
    ends = (domain.adjust(pending, LATER, amount=-1), domain.decline(pending, LATER), domain.withdraw(pending, LATER))
    assert [each.state for each in ends] == [State.ADJUSTED, State.DECLINED, State.WITHDRAWN]
    for settled in ends:
        for again in (domain.decline, domain.withdraw):
            with pytest.raises(DisputeSettled, match=settled.state.value):
                again(settled, LATER)
        with pytest.raises(DisputeSettled):
            domain.adjust(settled, LATER, amount=1)
        with pytest.raises(DisputeSettled):
            domain.answer(settled, LATER, decide_by=None, rules=RULES)


def test_adjustment_when_zero_then_refused() -> None:
    with pytest.raises(AdjustmentZero):
        domain.adjust(dispute(), LATER, amount=0)


def test_entry_of_a_deal_when_disputed_then_frozen_whatever_is_payable() -> None:
    books, entry = book()
    held, fact = hold_back(dispute(entry), now(books, entry, payable=-5), at=AT)
    assert (held.hold, held.held, type(fact)) == (Hold.ENTRY, 15_00, Frozen)


@pytest.mark.parametrize(
    ("payable", "hold", "held"),
    [(15_00, Hold.ENTRY, 15_00), (14_99, Hold.AMOUNT, 14_99), (0, Hold.NOTHING, 0), (-1, Hold.NOTHING, 0)],
)
def test_entry_when_released_then_frozen_only_if_all_of_it_is_still_payable(payable: int, hold: Hold, held: int) -> None:
    books, entry = book()
    books.take(Released("release", deal(1), who(1), AT, 1, entry.id))
    opened, _ = hold_back(dispute(entry), now(books, entry, payable=payable), at=AT)
    assert (opened.hold, opened.held) == (hold, held)


@pytest.mark.parametrize(("payable", "held"), [(100_00, 70_00), (70_00, 70_00), (30_00, 30_00)])
def test_entry_of_no_deal_when_disputed_then_what_is_payable_of_it_is_kept(payable: int, held: int) -> None:
    opened, fact = hold_back(dispute(), Disputed(plan(), None, 70_00, 70_00, payable), at=AT)
    moved = (Moved(Account.PAYABLE, Account.HELD, held, BONUS.id),)
    assert opened.hold is Hold.AMOUNT
    assert fact == Booked(f"dispute:{opened.id}:held", who(1), AT, "dispute_opened", "USD", moved)


def test_entry_when_taken_back_before_then_nothing_is_held() -> None:
    books, entry = book()
    books.take(reopened(1, event="r"))
    taken_back = Disputed(books.plan, books.deals[deal(1)], 0, 0, 50_00)
    assert hold_back(dispute(entry), taken_back, at=AT) == (dispute(entry), None)


def test_settled_dispute_when_its_entry_is_frozen_then_thawed_and_adjusted() -> None:
    books, entry = book()
    held, fact = hold_back(dispute(entry), now(books, entry, payable=0), at=AT)
    assert fact is not None
    books.take(fact)
    settled = domain.adjust(held, LATER, amount=-2_00)
    thaw, booked = let_go(settled, books.deals[deal(1)], books.plan, at=AT)
    assert isinstance(thaw, Thawed)
    assert isinstance(booked, Booked)
    (entry_made,) = booked.entries
    assert (entry_made.entry_id, entry_made.amount, entry_made.account, entry_made.reverses) == (
        settled.adjustment_id,
        -2_00,
        Account.PAYABLE,
        entry.id,
    )


def test_settled_dispute_when_its_deal_was_undone_meanwhile_then_nothing_is_thawed() -> None:
    books, entry = book()
    held, fact = hold_back(dispute(entry), now(books, entry, payable=0), at=AT)
    assert fact is not None
    books.take(fact)
    books.take(reopened(1, event="r"))
    assert list(let_go(domain.decline(held, LATER), books.deals[deal(1)], books.plan, at=AT)) == []


def test_settled_dispute_when_an_amount_was_kept_then_it_comes_back_with_the_adjustment_in_one_decision() -> None:
    held, _ = hold_back(dispute(), Disputed(plan(), None, 70_00, 70_00, 30_00), at=AT)
    (booked,) = let_go(domain.adjust(held, LATER, amount=5_00), None, plan(), at=datetime(2026, 4, 1, tzinfo=UTC))
    assert isinstance(booked, Booked)
    assert booked.transfers == (Moved(Account.HELD, Account.PAYABLE, 30_00, BONUS.id),)
    assert [entry.amount for entry in booked.entries] == [5_00]
