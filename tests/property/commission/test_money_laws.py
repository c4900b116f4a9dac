"""The laws of money: whatever the amounts, shares, brackets and order, every cent is where it belongs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.commission.domain.book import Book, Rejected
from services.commission.domain.brackets import Bracket, Mode, Schedule, faults
from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.entries import Account, Entry
from services.commission.domain.explaining import explain
from services.commission.domain.options import Base, Split
from services.commission.domain.outcome import Posting
from tests.support.commission_world import amended, closed, plan, refunded, reopened, terms, who

AMOUNTS = st.integers(0, 2_000_000_00)
RATES = st.decimals(0, 1, places=4).map(Fraction)
FEES = st.integers(0, 1_000_00)


@st.composite
def brackets(draw: st.DrawFn) -> tuple[Bracket, ...]:
    edges = sorted(draw(st.sets(st.integers(1, 1_500_000_00), max_size=4)))
    lows, highs = [0, *edges], [*edges, None]
    return tuple(Bracket(low, high, draw(RATES), draw(FEES)) for low, high in zip(lows, highs, strict=True))


@st.composite
def shares(draw: st.DrawFn) -> list[tuple[UUID, Fraction]]:
    weights = draw(st.lists(st.integers(1, 1000), min_size=1, max_size=4))
    return [(who(number), Fraction(weight, sum(weights))) for number, weight in enumerate(weights, 1)]


@st.composite
def parts(draw: st.DrawFn) -> tuple[int, list[int]]:
    """An amount and refunds that add up to it."""
    amounts = draw(st.lists(st.integers(1, 400_000_00), min_size=1, max_size=6))
    return sum(amounts), amounts


def _post(book: Book, *facts: object) -> list[Entry]:
    entries = []
    for fact in facts:
        outcome = book.take(fact)  # type: ignore[arg-type]
        assert isinstance(outcome, Posting), outcome
        entries += outcome.entries
    return entries


def _independent(levels: Sequence[Bracket], revenue: int) -> int:
    """The schedule written down another way: cent by bracket, in decimals."""
    total = Decimal(0)
    for level in levels:
        if revenue > level.start:
            inside = min(revenue, level.end if level.end is not None else revenue) - level.start
            total += Decimal(inside) * Decimal(level.rate.numerator) / Decimal(level.rate.denominator) + level.flat
    return int((total + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR"))


@given(brackets(), st.lists(AMOUNTS, min_size=1, max_size=8))
def test_increments_when_deals_add_up_then_they_add_up_to_the_schedule_of_the_total(
    levels: tuple[Bracket, ...], amounts: list[int]
) -> None:
    entries = _post(Book(plan(levels)), *(closed(n, terms(amount)) for n, amount in enumerate(amounts)))
    assert sum(entry.amount for entry in entries) == _independent(levels, sum(amounts))


@given(brackets(), parts(), shares(), st.sampled_from(Split), st.sampled_from(Base), st.lists(AMOUNTS, max_size=3), st.sampled_from(Mode))
def test_refund_when_whole_in_any_parts_then_exactly_what_accrued_goes_back(
    levels: tuple[Bracket, ...],
    sale: tuple[int, list[int]],
    of: list[tuple[UUID, Fraction]],
    split: Split,
    base: Base,
    others: list[int],
    mode: Mode,
) -> None:
    amount, pieces = sale
    book = Book(plan(levels, split=split, base=base, mode=mode))
    _post(book, *(closed(n, terms(other)) for n, other in enumerate(others, 100)))
    before = dict(book.positions.months)
    entries = _post(book, closed(1, terms(amount, shares=of)))
    entries += _post(book, *(refunded(1, piece, event=f"r{n}") for n, piece in enumerate(pieces)))
    left: dict[UUID, int] = defaultdict(int)
    for entry in entries:
        left[entry.partner_id] += entry.amount
    assert set(left.values()) == {0}
    assert {key: revenue for key, revenue in book.positions.months.items() if revenue} == {k: v for k, v in before.items() if v}


@given(brackets(), AMOUNTS, shares(), st.sampled_from(Split))
def test_split_when_a_deal_has_many_beneficiaries_then_the_parts_are_the_whole(
    levels: tuple[Bracket, ...], amount: int, of: list[tuple[UUID, Fraction]], split: Split
) -> None:
    entries = _post(Book(plan(levels, split=split)), closed(1, terms(amount, shares=of)))
    assert sum(entry.revenue for entry in entries) == amount
    assert len(entries) == len(of)
    if split is Split.COMMISSION:
        assert sum(entry.amount for entry in entries) == _independent(levels, amount)
        assert all(entry.amount >= 0 for entry in entries)


@given(brackets(), AMOUNTS, AMOUNTS, shares(), shares(), st.integers(0, 100))
def test_amendment_when_then_reopened_then_nobody_keeps_or_owes_anything(
    levels: tuple[Bracket, ...],
    first: int,
    second: int,
    of: list[tuple[UUID, Fraction]],
    other: list[tuple[UUID, Fraction]],
    percent: int,
) -> None:
    book = Book(plan(levels))
    refund = min(first, second) * percent // 100
    entries = _post(book, closed(1, terms(first, shares=of)))
    if refund:
        entries += _post(book, refunded(1, refund, event="r"))
    entries += _post(book, amended(1, terms(second, shares=other), event="a"))
    entries += _post(book, reopened(1, event="o"))
    left: dict[UUID, int] = defaultdict(int)
    for entry in entries:
        left[entry.partner_id] += entry.amount
    assert set(left.values()) == {0}
    assert not any(book.positions.months.values())


@given(AMOUNTS, AMOUNTS, st.integers(1, 100), RATES)
def test_amendment_and_refund_when_in_either_order_then_a_plan_by_deal_gives_the_same(
    first: int, second: int, percent: int, rate: Fraction
) -> None:
    refund = max(1, min(first, second) * percent // 100)
    if refund > min(first, second):
        return
    by_deal = plan((Bracket(0, None, rate),), base=Base.DEAL)
    changes = [refunded(1, refund, event="r"), amended(1, terms(second), event="a")]
    sums = [sum(entry.amount for entry in _post(Book(by_deal), closed(1, terms(first)), *order)) for order in (changes, changes[::-1])]
    assert sums[0] == sums[1]


@given(brackets(), AMOUNTS, shares(), st.sampled_from(Split), st.sampled_from(Mode), st.integers(0, 100), AMOUNTS)
def test_explanation_when_added_up_then_it_is_the_entry_exactly(
    levels: tuple[Bracket, ...], amount: int, of: list[tuple[UUID, Fraction]], split: Split, mode: Mode, percent: int, before: int
) -> None:
    book = Book(plan(levels, split=split, mode=mode))
    entries = _post(book, closed(9, terms(before)), closed(1, terms(amount, shares=of)))
    if refund := amount * percent // 100:
        entries += _post(book, refunded(1, refund, event="r"))
    for entry in entries:
        assert sum(Decimal(step.amount) for step in explain(entry).steps) == Decimal(entry.amount) / 100


@given(brackets(), AMOUNTS, parts(), shares())
def test_transfers_when_summed_by_account_then_the_books_balance(
    levels: tuple[Bracket, ...], other: int, sale: tuple[int, list[int]], of: list[tuple[UUID, Fraction]]
) -> None:
    book, accounts = Book(plan(levels)), defaultdict[Account, int](int)
    entries = 0
    for fact in (closed(2, terms(other)), closed(1, terms(sale[0], shares=of)), refunded(1, sale[1][0], event="r")):
        outcome = book.take(fact)
        assert isinstance(outcome, Posting)
        entries += sum(entry.amount for entry in outcome.entries)
        for transfer in outcome.transfers:
            accounts[transfer.source] -= transfer.amount
            accounts[transfer.target] += transfer.amount
    assert sum(accounts.values()) == 0
    assert accounts[Account.HELD] == entries == -accounts[Account.EXPENSE]


@given(brackets(), st.integers(1, 10**8), st.integers(1, 10**8))
def test_refund_when_above_what_was_sold_then_refused_and_nothing_moves(levels: tuple[Bracket, ...], amount: int, more: int) -> None:
    book = Book(plan(levels))
    _post(book, closed(1, terms(amount)))
    before = dict(book.deals)
    outcome = book.take(refunded(1, amount + more, event="r"))
    assert isinstance(outcome, Rejected)
    assert outcome.refusal.code == "refund_exceeds_sale"
    assert book.deals == before


@given(brackets(), st.sampled_from(Mode), AMOUNTS, AMOUNTS)
def test_slices_when_added_up_then_they_are_the_exact_difference(levels: tuple[Bracket, ...], mode: Mode, before: int, more: int) -> None:
    schedule = Schedule(levels, mode=mode)
    exact = sum((part.exact for part in schedule.slices(before, before + more)), Fraction(0))
    assert exact == Fraction(schedule.scaled(before + more) - schedule.scaled(before), schedule.scale)


@given(brackets())
def test_brackets_when_they_cover_everything_once_then_without_fault(levels: tuple[Bracket, ...]) -> None:
    assert list(faults(levels)) == []


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(1, 12))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_periods_when_an_instant_is_placed_then_each_holds_its_month_once(at: datetime, first: int) -> None:
    calendar = Calendar(year_starts=first)
    month = calendar.month(at)
    for kind in PeriodKind:
        period = calendar.period(kind, month)
        assert period.start <= month < period.end
        assert calendar.period(kind, period.start) == period
    year = calendar.period(PeriodKind.YEAR, month)
    assert year.start.month == first
