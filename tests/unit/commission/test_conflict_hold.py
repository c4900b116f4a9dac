"""What conflicts hold of a deal: everything that is there, of every beneficiary, beside what disputes hold."""

from fractions import Fraction

from services.commission.domain.book import Book
from services.commission.domain.conflict_hold import There, contested_entries, freeze, taken, thaw
from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Transfer
from services.commission.domain.facts import Frozen, Released
from services.commission.domain.outcome import Posting
from shared.chassis.ids import derived_id
from tests.support.commission_world import AT, amended, closed, deal, plan, reopened, terms, who

ONE, TWO = derived_id("conflict", 1), derived_id("conflict", 2)
BOTH = [(who(1), Fraction(1, 2)), (who(2), Fraction(1, 2))]
OPEN = {deal(1): (ONE, TWO)}


def _book(*, released: bool = False) -> Book:
    """A deal of 100.00, shared by two partners: 7.50 each."""
    book = Book(plan())
    book.take(closed(1, terms(100_00, shares=BOTH)))
    for stake in _deal(book).sale.stakes if released else ():  # type: ignore[union-attr]
        book.take(Released(f"r {stake.entry_id}", deal(1), stake.partner_id, AT, 1, stake.entry_id))
    return book


def _deal(book: Book) -> Deal:
    return book.deals[deal(1)]


def _moves(outcome: object) -> list[tuple[Account, Account, int]]:
    assert isinstance(outcome, Posting)
    return [_move(transfer) for transfer in outcome.transfers]


def _move(transfer: Transfer) -> tuple[Account, Account, int]:
    return transfer.source, transfer.target, transfer.amount


def test_deal_when_it_closes_contested_then_every_share_is_held_at_once_in_the_name_of_one_conflict() -> None:
    book = Book(plan())
    close, *frozen = taken(book, closed(1, terms(100_00, shares=BOTH)), OPEN, at=AT)
    assert isinstance(close, Posting)
    assert [outcome.fact.id for outcome in frozen if isinstance(outcome, Posting)] == [
        f"conflict:{min(ONE, TWO)}:{entry.id}:frozen" for entry in close.entries
    ]
    assert contested_entries(book.deals.values()) == {entry.id for entry in close.entries}
    assert not any(stake.held for stake in _deal(book).sale.stakes)  # type: ignore[union-attr]


def test_deal_when_no_conflict_is_open_then_nothing_is_held() -> None:
    book = Book(plan())
    assert len(list(taken(book, closed(1, terms(100_00)), {deal(2): (ONE,)}, at=AT))) == 1


def test_deal_when_it_is_corrected_then_what_accrues_anew_is_held() -> None:
    book = _book()
    _, *frozen = taken(book, amended(1, terms(60_00), event="a"), OPEN, at=AT)
    assert len(frozen) == 1


def test_stakes_when_held_already_then_not_held_again() -> None:
    book = _book()
    for fact in freeze(_deal(book), [ONE], at=AT):
        book.take(fact)
    assert list(freeze(_deal(book), [TWO], at=AT)) == []


def test_released_stakes_when_payable_then_go_back_whole_and_those_of_others_too() -> None:
    book = _book(released=True)
    facts = list(freeze(_deal(book), [ONE], There({who(1): 7_50, who(2): 7_50}), at=AT))
    assert [(fact.partner_id, fact.amount) for fact in facts] == [(who(1), None), (who(2), None)]
    assert [_moves(book.take(fact)) for fact in facts] == [[(Account.PAYABLE, Account.HELD, 7_50)]] * 2


def test_released_stakes_when_paid_in_part_then_what_is_there_is_kept_and_comes_back() -> None:
    book = _book(released=True)
    (fact,) = freeze(_deal(book), [ONE], There({who(1): 2_00, who(2): -5_00}), at=AT)
    assert (fact.partner_id, fact.amount) == (who(1), 2_00)
    assert _moves(book.take(fact)) == [(Account.PAYABLE, Account.HELD, 2_00)]
    (back,) = thaw(_deal(book), ONE, at=AT)
    assert _moves(book.take(back)) == [(Account.HELD, Account.PAYABLE, 2_00)]


def test_released_stake_when_a_dispute_keeps_some_of_it_then_no_more_than_the_rest_is_kept() -> None:
    book = _book(released=True)
    mine = _deal(book).sale.stakes[0].entry_id  # type: ignore[union-attr]
    (fact,) = freeze(_deal(book), [ONE], There({who(1): 100_00}, {mine: 6_00}), at=AT)
    assert fact.amount == 1_50


def test_kept_amount_when_its_deal_is_undone_then_it_is_payable_again() -> None:
    book = _book(released=True)
    (fact,) = freeze(_deal(book), [ONE], There({who(1): 2_00}), at=AT)
    book.take(fact)
    assert (Account.HELD, Account.PAYABLE, 2_00) in _moves(book.take(reopened(1, event="x")))


def test_entry_when_a_dispute_holds_it_too_then_free_once_neither_does() -> None:
    book = _book()
    stake = _deal(book).sale.stakes[0]  # type: ignore[union-attr]
    book.take(Frozen("d", deal(1), who(1), AT, 1, stake.entry_id))
    for fact in freeze(_deal(book), [ONE], at=AT):
        assert fact.conflict_id == ONE
        book.take(fact)
    for back in thaw(_deal(book), ONE, at=AT):
        book.take(back)
    mine, other = _deal(book).sale.stakes  # type: ignore[union-attr]
    assert (mine.held, other.held) == (False, True)
