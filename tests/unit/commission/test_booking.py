"""Decisions of staff and timers move exactly what they list; an entry that is frozen stays where it is."""

from fractions import Fraction

from services.commission.domain.book import Book, Rejected
from services.commission.domain.brackets import Bracket
from services.commission.domain.entries import Account, Given, Kind
from services.commission.domain.explaining import explain
from services.commission.domain.facts import Adjusted, Booked, Frozen, Moved, Released, Thawed
from services.commission.domain.ledger import Journaled, replay
from services.commission.domain.options import Base
from services.commission.domain.outcome import Posting
from tests.support.commission_world import AT, closed, deal, plan, refunded, reopened, terms, who

TEN = plan((Bracket(0, None, Fraction("0.1")),), base=Base.DEAL)


def _posted(book: Book, fact: object) -> Posting:
    outcome = book.take(fact)  # type: ignore[arg-type]
    assert isinstance(outcome, Posting), outcome
    return outcome


def _moves(posting: Posting) -> list[tuple[Account, Account, int]]:
    return [(each.source, each.target, each.amount) for each in posting.transfers]


def _sold(book: Book) -> dict[str, object]:
    """A deal that accrued 10.00, and what a decision about its entry says."""
    entry = _posted(book, closed(1, terms(100_00))).entries[0]
    return {"deal_id": deal(1), "partner_id": who(1), "at": AT, "close_number": 1, "entry_id": entry.id}


def _resolved(amount: int) -> Booked:
    adjusted = Adjusted(who(9), amount, Kind.ADJUSTMENT, "dispute_resolved", deal(1), None, Account.PAYABLE, Given("Agreed."))
    return Booked("d", who(1), AT, "dispute_resolved", "USD", (Moved(Account.PAYABLE, Account.IN_PAYOUT, 3),), (adjusted,))


def test_decision_when_booked_then_exactly_what_it_lists_moves() -> None:
    posting = _posted(Book(TEN), _resolved(7))
    assert _moves(posting) == [(Account.EXPENSE, Account.PAYABLE, 7), (Account.PAYABLE, Account.IN_PAYOUT, 3)]
    assert [(e.amount, e.kind, e.deal_id) for e in posting.entries] == [(7, Kind.ADJUSTMENT, deal(1))]
    assert [step.amount for step in explain(posting.entries[0]).steps] == ["0.07"]


def test_decision_when_it_takes_back_then_the_account_pays_the_programme() -> None:
    assert _moves(_posted(Book(TEN), _resolved(-7)))[0] == (Account.PAYABLE, Account.EXPENSE, 7)


def test_entry_when_frozen_while_held_then_never_released_until_thawed() -> None:
    book = Book(TEN)
    about = _sold(book)
    assert _moves(_posted(book, Frozen("f", **about))) == []  # type: ignore[arg-type]
    refused = book.take(Released("r", **about))  # type: ignore[arg-type]
    assert isinstance(refused, Rejected)
    assert refused.refusal.code == "nothing_stands"
    _posted(book, Thawed("t", **about))  # type: ignore[arg-type]
    assert _moves(_posted(book, Released("r", **about))) == [(Account.HELD, Account.PAYABLE, 10_00)]  # type: ignore[arg-type]


def test_entry_when_frozen_after_its_release_then_what_is_left_goes_back_and_refunds_hit_it_there() -> None:
    book = Book(TEN)
    about = _sold(book)
    _posted(book, Released("r", **about))  # type: ignore[arg-type]
    _posted(book, refunded(1, 40_00, event="back"))
    assert _moves(_posted(book, Frozen("f", **about))) == [(Account.PAYABLE, Account.HELD, 6_00)]  # type: ignore[arg-type]
    assert _moves(_posted(book, refunded(1, 10_00, event="more"))) == [(Account.HELD, Account.EXPENSE, 1_00)]
    _posted(book, Thawed("t", **about))  # type: ignore[arg-type]
    assert _moves(_posted(book, Released("again", **about))) == [(Account.HELD, Account.PAYABLE, 5_00)]  # type: ignore[arg-type]


def test_entry_when_its_deal_was_closed_anew_then_there_is_nothing_to_freeze() -> None:
    book = Book(TEN)
    about = _sold(book)
    _posted(book, reopened(1, event="o"))
    _posted(book, closed(1, terms(50_00), close=2))
    outcome = book.take(Frozen("f", **(about | {"close_number": 2})))  # type: ignore[arg-type]
    assert isinstance(outcome, Rejected)
    assert outcome.refusal.code == "nothing_stands"


def test_replay_when_decisions_are_in_the_journal_then_the_same_ledger() -> None:
    book = Book(TEN)
    about = _sold(book)
    facts = [Released("r", **about), Frozen("f", **about), _resolved(7), Thawed("t", **about)]  # type: ignore[arg-type]
    postings = [_posted(book, fact) for fact in facts]
    rebuilt = replay([Journaled(fact, 1) for fact in (closed(1, terms(100_00)), *facts)], TEN)
    assert rebuilt.transfers[1:] == [transfer for posting in postings for transfer in posting.transfers]
    assert set(rebuilt.imbalances().values()) == {0}
