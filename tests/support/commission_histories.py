"""Random lives of a programme under any plan: what hypothesis draws, and the facts that it means in given books."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from services.commission.domain.calendar import Period
from services.commission.domain.deal import Stake, Standing
from services.commission.domain.due import ended, grants
from services.commission.domain.entries import Account, Given, Kind
from services.commission.domain.facts import (
    Adjusted,
    Amended,
    AnyFact,
    Booked,
    Closed,
    Credit,
    Frozen,
    Invoiced,
    Line,
    Moved,
    Paid,
    Rate,
    Refunded,
    Released,
    Reopened,
    Terms,
    Thawed,
)
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from tests.support.commission_plans import PARTNERS, TYPES, Json, plans
from tests.support.commission_statements import RECORDED, Books
from tests.support.commission_world import deal, who

DEALS = 4
MONTH = timedelta(days=31)


@dataclass(frozen=True)
class Told:
    """One thing that happens. `at` counts months from March; what it means depends on how the books stand."""

    what: str
    event: str
    deal: int = 1
    close: int = 1
    revision: int = 0
    amount: int = 1
    currency: str = "USD"
    lines: int = 0
    shares: tuple[tuple[int, int], ...] = ((1, 1),)
    partner_type: str | None = None
    at: int = 0
    pick: int = 0

    @property
    def when(self) -> datetime:
        return datetime(2026, 2 + self.at, 28, 20, tzinfo=UTC)

    @property
    def registrant(self) -> UUID:
        return who(self.deal % PARTNERS + 1)

    @property
    def terms(self) -> Terms:
        whole = sum(weight for _, weight in self.shares)
        credits_ = tuple(Credit(who(number), Fraction(weight, whole)) for number, weight in self.shares)
        parts = [self.amount * n // self.lines - self.amount * (n - 1) // self.lines for n in range(1, self.lines + 1)]
        lines = tuple(Line(f"l{n}", "p", ("core", "services")[n % 2], part, n + 1) for n, part in enumerate(parts))
        return Terms(self.when, self.currency, self.amount, credits_, lines, partner_type=self.partner_type)


_WHAT = ["close", "close", "close", "refund", "refund", "amend", "reopen", "receive", "receive", "hold", "rate", "period", "book"]


_weights = st.lists(st.integers(1, 7), min_size=1, max_size=PARTNERS)
_told = st.builds(
    Told,
    what=st.sampled_from(_WHAT),
    event=st.uuids().map(str),
    deal=st.integers(1, DEALS),
    close=st.sampled_from([1, 1, 1, 2]),
    revision=st.integers(1, 3),
    amount=st.sampled_from([1, 7, 100]) | st.integers(1, 300_000_00),
    currency=st.sampled_from(["USD", "USD", "EUR", "JPY"]),
    lines=st.integers(0, 3),
    shares=st.tuples(st.permutations(range(1, PARTNERS + 1)), _weights).map(lambda drawn: tuple(zip(*drawn, strict=False))),
    partner_type=st.sampled_from([None, *TYPES]),
    at=st.integers(0, 2),
    pick=st.integers(0, 20),
)
_plans, _months = plans(), st.lists(st.lists(_told, min_size=1, max_size=12).map(tuple), min_size=1, max_size=3)


@dataclass(frozen=True)
class History:
    """A plan, and what is told month by month; in month n its first `known[n]` versions are on record. `rated`: so are all rates."""

    plan: Json
    months: tuple[tuple[Told, ...], ...]
    known: tuple[int, ...]
    rated: bool = True


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Any history."""
    plan, months = draw(_plans), draw(_months)
    known = sorted(draw(st.lists(st.integers(1, len(plan["versions"])), min_size=len(months), max_size=len(months))))
    return History(plan, tuple(months), tuple(known), draw(st.booleans()))


def stated(history: History) -> list[list[Json]]:
    """Every partner's statements of a history, in order."""
    books, found = Books(history.plan), dict[UUID, list[Json]]()
    for month in range(3 if history.rated else 0):
        books.post(*facts_of(books, Told("rate", f"rate {month}", amount=250 + month, at=month)))
    for index, month in enumerate(history.months):
        books.know(history.known[index])
        for told in month:
            for fact in facts_of(books, told):
                books.post(fact, at=RECORDED + index * MONTH)
        for partner_id in books.partners:
            if (statement := books.state(partner_id)) is not None:
                found.setdefault(partner_id, []).append(statement)
    return list(found.values())


def facts_of(books: Books, told: Told) -> Iterator[AnyFact]:
    """The facts that something told means as the books stand."""
    about = (told.event, deal(told.deal), told.registrant, told.when, told.close)
    known = books.book.deals.get(deal(told.deal))
    currency = known.sale.currency if known and known.sale else told.currency
    match told.what:
        case "close":
            yield Closed(*about, told.terms)
        case "refund":
            named = _named(told, books) if told.pick % 2 else ()
            amount = sum(part for _, part in named) or told.amount
            yield Refunded(*about, amount, currency, named)
        case "amend":
            yield Amended(*about, told.revision, told.terms)
        case "reopen":
            yield Reopened(*about)
        case "receive":
            yield (Invoiced if _invoiced(told, books) else Paid)(*about, told.amount, currency)
        case "rate":
            for number, source in enumerate(("EUR", "JPY")):
                day = books.plan.calendar.day(told.when)
                yield Rate(f"{told.event}{number}", told.when, source, "USD", day, Fraction(told.amount % 997 + 1, 331), "bank")
        case "hold":
            yield from _held(books, told)
        case "period":
            yield from _ended(books, told)
        case _:
            yield _booked(told)


def _named(told: Told, books: Books) -> tuple[tuple[str, int], ...]:
    known = books.book.deals.get(deal(told.deal))
    lines = known.sale.lines if known and known.sale else ()
    return tuple((line, min(amount, told.amount)) for line, amount in lines[told.pick % 3 :] if line and amount)[:1]


def _invoiced(told: Told, books: Books) -> bool:
    known = books.book.deals.get(deal(told.deal))
    return bool(known and known.sale and books.plan.version(known.sale.plan_version).earned_on.value == "invoiced")


def _held(books: Books, told: Told) -> Iterator[AnyFact]:
    stakes: list[tuple[Any, Stake]] = [(each, stake) for each in books.book.deals.values() for sale in each.sales for stake in sale.stakes]
    if not stakes:
        return
    about, stake = stakes[told.pick % len(stakes)]
    conflict = derived_id("conflict", told.event) if told.pick % 2 else None
    held = stake.special and (stake.special.contested if conflict else stake.special.frozen)
    fact = (told.event, about.id, stake.partner_id, told.when, about.close_number, stake.entry_id)
    if told.revision % 2:
        yield Frozen(*fact, conflict, 1 if stake.released and told.pick % 4 == 1 else None)
    else:
        yield Thawed(*fact, conflict) if held else Released(*fact)


def _ended(books: Books, told: Told) -> Iterator[AnyFact]:
    as_of = datetime(2026, 3 + told.at, 2, tzinfo=UTC)

    def won(period: Period) -> Counter[UUID]:
        deals = (each for each in books.book.deals.values() if each.standing is Standing.WON and each.sale)
        return Counter(each.partner_id for each in deals if each.sale and period.start <= each.sale.month < period.end)

    plan, months = books.book.plan, books.book.positions.months
    for decision in ended(plan, months, as_of, lambda *_: told.partner_type):
        yield replace(decision, id=f"{decision.id}:{told.event}")  # the timer decides anew as often as revenue changed
    yield from grants(plan, months, won, as_of, lambda *_: told.partner_type)


def _booked(told: Told) -> Booked:
    """A payout, a dispute of some money or its end."""
    entry_id, partner_id = derived_id("disputed", told.registrant), told.registrant
    about = (told.event, partner_id, told.when)
    if told.pick % 3 == 0:
        return Booked(*about, "payout_started", "USD", (Moved(Account.PAYABLE, Account.IN_PAYOUT, told.amount),))
    if told.pick % 3 == 1:
        return Booked(*about, "dispute_opened", "USD", (Moved(Account.PAYABLE, Account.HELD, told.amount, entry_id),))
    adjusted = Adjusted(derived_id(told.event), -told.amount, Kind.ADJUSTMENT, "dispute", None, entry_id, Account.PAYABLE, Given("agreed"))
    moved = Moved(Account.HELD, Account.PAYABLE, told.amount, entry_id)
    return Booked(*about, "dispute_resolved", "EUR", (moved,), (adjusted,))
