"""A close that waits for its exchange rate and is reopened: nothing of it is ever booked, in whatever order its facts come."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest

from services.commission.domain.book import Book, Desk, Outcome, Rejected
from services.commission.domain.brackets import Bracket
from services.commission.domain.facts import Abandoned, AnyFact, Rate
from services.commission.domain.ledger import Journaled, Ledger, replay
from services.commission.domain.options import Base
from services.commission.domain.outcome import Posting
from shared.chassis.values import replace
from tests.support.commission_world import AT, amended, closed, plan, refunded, reopened, terms

TEN = plan((Bracket(0, None, Fraction("0.1")),), base=Base.DEAL)
FOREIGN = replace(terms(100_00), currency="EUR")
WAITS, UNDONE, ANEW = closed(1, FOREIGN), reopened(1, event="reopen"), closed(1, terms(80_00), close=2)
REFUND = replace(refunded(1, 10_00, event="refund"), currency="EUR")
RATE = Rate("rate", AT, "EUR", "USD", date(2026, 3, 1), Fraction(2), "bank")


class Told:
    """Facts told to a desk in an order, and what came of them."""

    def __init__(self, facts: Sequence[AnyFact]) -> None:
        self.desk = Desk(Book(TEN))
        self.outcomes: list[Outcome] = [outcome for fact in facts for outcome in self.desk.take(fact)]
        self.postings = [outcome for outcome in self.outcomes if isinstance(outcome, Posting)]

    @property
    def refused(self) -> dict[str, str]:
        return {outcome.fact.id: outcome.refusal.code for outcome in self.outcomes if isinstance(outcome, Rejected)}

    @property
    def earned(self) -> list[int]:
        return [entry.amount for posting in self.postings for entry in posting.entries]

    def ledger(self) -> Ledger:
        ledger = Ledger()
        for posting in self.postings:
            ledger.post(posting)
        return ledger.stands(self.desk.book)


def test_waiting_close_when_reopened_then_undone_at_once_and_the_next_close_counts() -> None:
    told = Told([WAITS, REFUND, UNDONE, ANEW])
    assert told.earned == [8_00]
    assert isinstance(told.postings[0].fact, Abandoned)
    assert told.refused == {"close 1.1": "close_undone", "refund": "close_undone"}
    assert told.desk.waiting == []


def test_waiting_close_when_its_rate_comes_after_it_was_undone_then_nothing_is_booked_for_it() -> None:
    told = Told([WAITS, UNDONE, RATE, ANEW])
    assert (told.earned, told.desk.waiting) == ([8_00], [])


def test_amendment_when_it_waits_for_a_rate_and_its_close_is_undone_then_refused() -> None:
    told = Told([closed(1, terms(50_00)), amended(1, FOREIGN, event="amend"), UNDONE])
    assert told.refused == {"amend": "close_undone"}
    assert (told.earned, told.desk.waiting) == ([5_00, -5_00], [])


@pytest.mark.parametrize("order", list(permutations([WAITS, REFUND, UNDONE, ANEW, RATE])))
def test_facts_when_they_come_in_any_order_and_twice_then_the_last_close_is_what_stands(order: Sequence[AnyFact]) -> None:
    told = Told([*order, *order])
    assert sum(told.earned) == 8_00
    assert told.desk.waiting == []
    assert sum(told.desk.book.positions.months.values()) == 80_00


@pytest.mark.parametrize("order", list(permutations([WAITS, REFUND, UNDONE, ANEW])))
def test_journal_when_worked_again_then_the_same_ledger(order: Sequence[AnyFact]) -> None:
    told = Told([*order, RATE])
    again = replay([Journaled(posting.fact, 1) for posting in told.postings], TEN)
    assert again.lines() == told.ledger().lines()
    assert again.deals == told.desk.book.deals
