"""A statement as a value: what the journal recorded for one partner in one period, settled from its opening to its closing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from services.commission.domain.book import Book
from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.deal import Deal
from services.commission.domain.deal import Standing as DealStanding
from services.commission.domain.entries import Account, Entry, Transfer
from services.commission.domain.facts import Amended, AnyFact, Booked, Closed, Frozen, Rate, Thawed
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from services.commission.domain.positions import Positions, earned_by
from services.commission.domain.statement_disputes import Held, contested_after, held_after
from services.commission.domain.statement_given import NOTHING_GIVEN, Given, StatedTallies, given_by, place
from services.commission.domain.statement_names import Names
from shared.chassis.values import replace

Balances = Mapping[tuple[str, Account], int]


class StatementDiverged(Exception):
    """A journaled fact is not accepted again, or gives other entries than the ledger holds."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days `[first, until)` of the programme calendar, and the instants `[starts, ends)` at which they begin and end."""

    first: date
    until: date
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Posted:
    """A fact in the partner's posting order, and what it builds on that the partner's own facts do not tell.

    `given` are sums of others that figures began from; `deal` is the deal that the partner joined.
    """

    number: int
    recorded_at: datetime
    plan_known: int
    fact: AnyFact
    given: Given = NOTHING_GIVEN
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partner stands between two facts: accounts, its side of its deals, what disputes and conflicts hold of its entries.

    `positions` is its counted revenue and `earned` its commission on deals, by month; `sums` are its SPIFFs and bonuses by name.
    """

    balances: Balances = field(default_factory=dict)
    positions: Mapping[date, int] = field(default_factory=dict)
    earned: Mapping[date, int] = field(default_factory=dict)
    sums: Mapping[str, int] = field(default_factory=dict)
    deals: Mapping[UUID, Deal] = field(default_factory=dict)
    disputed: Held = field(default_factory=dict)
    contested: Held = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """What one fact did to the partner."""

    posted: Posted
    entries: tuple[Entry, ...]
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines in posting order and where the partner stands after them; `deals` there are those that the lines touched."""

    lines: tuple[Line, ...]
    closing: Standing


def midnight(day: date, timezone: str) -> datetime:
    """The first instant of a day in a time zone, in UTC: where clocks skip midnight, the instant at which they do."""
    # Of a midnight that comes twice fold=0 is the first; of one that never comes, its offset is the one before the gap.
    return datetime.combine(day, time.min, ZoneInfo(timezone)).astimezone(UTC)


def span_of(calendar: Calendar, kind: PeriodKind, recorded_at: datetime, *, after: Span | None = None) -> Span:
    """The period that takes in what was recorded at an instant; one that ends before `after` does goes into the next.

    A fact may be posted moments after its period was stated: transactions that began before midnight commit after it.
    """
    day = calendar.day(recorded_at) if after is None else max(calendar.day(recorded_at), after.until)
    period = calendar.period(kind, day.replace(day=1))
    first = period.start if after is None else max(period.start, after.until)
    return Span(first, period.end, midnight(first, calendar.timezone), midnight(period.end, calendar.timezone))


def occurred_at(fact: AnyFact) -> datetime:
    """Business time: when the deal closed, else when the fact happened."""
    return fact.terms.closed_at if isinstance(fact, Closed) and fact.terms is not None else fact.at


Ledger = Mapping[str, tuple[Entry, ...]]


def settle(
    names: Names, plan: Plan, opening: Standing, facts: Iterable[Posted], *, rates: Iterable[Rate] = (), ledger: Ledger | None = None
) -> Sheet:
    """Take the facts with the calculator from where the partner stood. Raises StatementDiverged.

    With the `ledger`'s entries by fact id, what the facts do not tell is found out from them; else it must be given.
    """
    partner_id = names.partner_id
    book = _book(partner_id, plan, opening, rates)
    lines = tuple(_line(partner_id, plan, book, posted, ledger) for posted in facts)
    touched = {line.posted.fact.deal_id for line in lines} - {None}
    deals = {deal_id: names.side(book.deals[deal_id], plan) for deal_id in touched if deal_id is not None}
    taken = [line.posted.fact for line in lines]
    closing = Standing(
        balances=balances_after(opening.balances, lines),
        positions=_own_months(book.positions, partner_id),
        earned=_own_months(book.earned, partner_id),
        sums={name: total for (who, name), total in book.tallies.sums.items() if who == partner_id and total},
        deals=deals,
        disputed=held_after(partner_id, opening.disputed, taken, before=opening.deals.values(), after=deals.values()),
        contested=contested_after(partner_id, opening.contested, before=opening.deals.values(), after=deals.values()),
    )
    return Sheet(lines, closing)


def _book(partner_id: UUID, plan: Plan, opening: Standing, rates: Iterable[Rate]) -> Book:
    tallies = StatedTallies({(partner_id, name): total for name, total in opening.sums.items()})
    book = Book(plan, deals=opening.deals.values(), tallies=tallies, rates=rates)
    book.positions.months.update({(partner_id, month): revenue for month, revenue in opening.positions.items()})
    book.earned.months.update({(partner_id, month): amount for month, amount in opening.earned.items()})
    return book


def _own_months(sums: Positions, partner_id: UUID) -> Mapping[date, int]:
    return {month: total for (who, month), total in sums.months.items() if who == partner_id and total}


def balances_after(opening: Balances, lines: Iterable[Line]) -> Balances:
    """The partner's accounts once the lines' money has moved."""
    balances: defaultdict[tuple[str, Account], int] = defaultdict(int, opening)
    for line in lines:
        for t in line.transfers:
            balances[t.currency, t.source] -= t.amount
            balances[t.currency, t.target] += t.amount
    return {key: amount for key, amount in balances.items() if key[1] is not Account.EXPENSE}


def _line(partner_id: UUID, plan: Plan, book: Book, posted: Posted, ledger: Ledger | None) -> Line:
    book.plan = plan.known(posted.plan_known)
    _follow(book, posted)
    if ledger is not None:
        posted = replace(posted, given=given_by(book, posted.fact, partner_id, ledger.get(posted.fact.id, ())))
    place(book, posted.fact, partner_id, posted.given)
    outcome = book.take(posted.fact)
    if not isinstance(outcome, Posting):
        raise StatementDiverged(f"fact {posted.number} ({posted.fact.id}) is not accepted again: {outcome}")
    _forget_others(book, outcome, partner_id)
    entries = tuple(entry for entry in outcome.entries if entry.partner_id == partner_id)
    return Line(posted, entries, tuple(t for t in outcome.transfers if t.partner_id == partner_id))


def _forget_others(book: Book, outcome: Posting, partner_id: UUID) -> None:
    """Sums of others are given where they matter; what one fact shows of them is no sum."""
    for sums, moves in ((book.positions, outcome.moves), (book.earned, earned_by(outcome.entries))):
        for move in moves:
            if move.partner_id != partner_id:
                sums.months.pop((move.partner_id, move.month), None)


def _follow(book: Book, posted: Posted) -> None:
    """Put the deal where it stood: what others did to it while the partner had no part in it is not in its journal."""
    fact = posted.fact
    if posted.deal is not None:
        book.deals[posted.deal.id] = posted.deal
    elif isinstance(fact, Closed) and fact.close_number > 1:
        known = book.deals.get(fact.deal_id)
        if known is None or known.close_number < fact.close_number:  # it was closed again, so it had been reopened
            book.deals[fact.deal_id] = Deal(fact.deal_id, fact.partner_id, fact.close_number - 1, DealStanding.REOPENED)


def joins(fact: AnyFact, partner_id: UUID, entries: Sequence[Entry]) -> bool:
    """Whether an amendment may bring the partner into a deal: it takes nothing back that it had, not even 0."""
    if not isinstance(fact, Amended) or fact.partner_id == partner_id:
        return False
    own = {entry.id for entry in entries}
    return all(entry.reverses is None or entry.reverses in own for entry in entries)


def deal_before(names: Names, plan: Plan, earlier: Iterable[Posted], deal_id: UUID, *, rates: Iterable[Rate] = ()) -> Deal:
    """The deal after the registrant's `earlier` facts about it, as someone sees it who had no part in it. Raises StatementDiverged."""
    book = Book(plan, rates=rates)
    for posted in earlier:
        book.plan = plan.known(posted.plan_known)
        _follow(book, posted)
        book.take(posted.fact)
    if deal_id not in book.deals:
        raise StatementDiverged(f"the journal of the registrant does not tell of deal {deal_id}")
    return names.side(book.deals[deal_id], plan)


def late(posted: Posted, span: Span, calendar: Calendar) -> bool:
    """Whether the fact belongs to an earlier period than the one in which it was recorded."""
    return calendar.day(occurred_at(posted.fact)) < span.first


Row = dict[Account, int]


def causes(lines: Sequence[Line]) -> dict[tuple[str, str], Row]:
    """What moved a partner's accounts: by currency and cause the change of each account, in order of first appearance."""
    found: dict[tuple[str, str], Row] = {}
    for line in lines:
        kinds = {entry.id: entry.kind.value for entry in line.entries}
        for t in line.transfers:
            row = found.setdefault((t.currency, kinds.get(t.id) or cause_of(line.posted.fact)), defaultdict(int))
            row[t.source] -= t.amount
            row[t.target] += t.amount
    return found


def cause_of(fact: AnyFact) -> str:
    """Why money moved without an entry: a hold ended, a payout was started."""
    if isinstance(fact, Frozen | Thawed) and fact.conflict_id:
        return "contested" if isinstance(fact, Frozen) else "conflict_decided"
    return fact.what if isinstance(fact, Booked) else type(fact).__name__.lower()
