"""A statement as a value: what the journal recorded for one partner in one period, settled from its opening to its closing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from services.commission.domain.book import Book
from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.deal import Deal, Sale
from services.commission.domain.deal import Standing as DealStanding
from services.commission.domain.entries import Account, Accrued, Entry, Transfer
from services.commission.domain.facts import Amended, AnyFact, Booked, Closed, Credit, Frozen, Reopened, Terms, Thawed
from services.commission.domain.options import Base
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from services.commission.domain.positions import Positions
from shared.chassis.ids import derived_id

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

    `before` is the position of the registrant from which the figure began; `deal` is the deal that the partner joined.
    """

    number: int
    recorded_at: datetime
    plan_known: int
    fact: AnyFact
    before: int | None = None
    deal: Deal | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partner stands between two facts: accounts, counted revenue by month, its side of its deals, disputed entries."""

    balances: Balances = field(default_factory=dict)
    positions: Mapping[date, int] = field(default_factory=dict)
    deals: Mapping[UUID, Deal] = field(default_factory=dict)
    disputed: frozenset[UUID] = frozenset()


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


def settle(partner_id: UUID, plan: Plan, opening: Standing, facts: Iterable[Posted]) -> Sheet:
    """Take the facts with the calculator from where the partner stood. Raises StatementDiverged."""
    book = Book(plan, deals=opening.deals.values())
    book.positions.months.update({(partner_id, month): revenue for month, revenue in opening.positions.items()})
    lines = tuple(_line(partner_id, plan, book, posted) for posted in facts)
    touched = {line.posted.fact.deal_id for line in lines} - {None}
    closing = Standing(
        balances=balances_after(opening.balances, lines),
        positions={month: revenue for (who, month), revenue in book.positions.months.items() if who == partner_id and revenue},
        deals={deal_id: own_side(book.deals[deal_id], partner_id) for deal_id in touched if deal_id is not None},
        disputed=_disputed(opening.disputed, lines),
    )
    return Sheet(lines, closing)


def balances_after(opening: Balances, lines: Iterable[Line]) -> Balances:
    """The partner's accounts once the lines' money has moved."""
    balances: defaultdict[tuple[str, Account], int] = defaultdict(int, opening)
    for line in lines:
        for t in line.transfers:
            balances[t.currency, t.source] -= t.amount
            balances[t.currency, t.target] += t.amount
    return {key: amount for key, amount in balances.items() if key[1] is not Account.EXPENSE}


def _disputed(before: frozenset[UUID], lines: Iterable[Line]) -> frozenset[UUID]:
    """The entries that disputes hold, whole or in part; what a deal takes back is held no more."""
    held = set(before)
    for line in lines:
        fact = line.posted.fact
        if isinstance(fact, Frozen):
            held.add(fact.entry_id)
        elif isinstance(fact, Thawed):
            held.discard(fact.entry_id)
        elif isinstance(fact, Amended | Reopened):
            held -= {entry.reverses for entry in line.entries if entry.reverses}
        elif isinstance(fact, Booked):
            held |= {moved.entry_id for moved in fact.transfers if moved.entry_id and moved.target is Account.HELD}
            held -= {moved.entry_id for moved in fact.transfers if moved.entry_id and moved.source is Account.HELD}
    return frozenset(held)


def _line(partner_id: UUID, plan: Plan, book: Book, posted: Posted) -> Line:
    book.plan = plan.known(posted.plan_known)
    _place(book.positions, posted, plan.calendar)
    _follow(book, posted, partner_id)
    outcome = book.take(posted.fact)
    if not isinstance(outcome, Posting):
        raise StatementDiverged(f"fact {posted.number} ({posted.fact.id}) is not accepted again: {outcome}")
    entries = tuple(entry for entry in outcome.entries if entry.partner_id == partner_id)
    return Line(posted, entries, tuple(t for t in outcome.transfers if t.partner_id == partner_id))


def _place(positions: Positions, posted: Posted, calendar: Calendar) -> None:
    """Put the registrant where its position stood: with `split: commission` others' commission is figured from there."""
    terms = getattr(posted.fact, "terms", None)
    if posted.before is not None and terms is not None:
        positions.months[posted.fact.partner_id, calendar.month(terms.closed_at)] = posted.before


def _follow(book: Book, posted: Posted, partner_id: UUID) -> None:
    """Put the deal where it stood, if the partner had no part in it meanwhile: what others did to it is not in its journal."""
    fact = posted.fact
    if posted.deal is not None:
        book.deals[posted.deal.id] = posted.deal
    elif isinstance(fact, Closed) and fact.close_number > 1:
        known = book.deals.get(fact.deal_id)
        if known is None or (known.close_number < fact.close_number and not _has_part(known, partner_id)):
            book.deals[fact.deal_id] = Deal(fact.deal_id, fact.partner_id, fact.close_number - 1, DealStanding.REOPENED)


def _has_part(deal: Deal, partner_id: UUID) -> bool:
    return deal.partner_id == partner_id or (deal.sale is not None and any(s.partner_id == partner_id for s in deal.sale.stakes))


def joins(fact: AnyFact, partner_id: UUID, entries: Iterable[Entry]) -> bool:
    """Whether an amendment brings the partner into a deal: it takes nothing back from it, not even 0, and accrues."""
    if not isinstance(fact, Amended) or fact.partner_id == partner_id:
        return False
    return all(entry.reason != "deal_amended" or entry.reverses is None for entry in entries)


def deal_before(plan: Plan, earlier: Iterable[Posted], deal_id: UUID, partner_id: UUID) -> Deal:
    """The deal after the registrant's `earlier` facts about it, as someone sees it who had no part in it."""
    book = Book(plan)
    for posted in earlier:
        book.plan = plan.known(posted.plan_known)
        _follow(book, posted, posted.fact.partner_id)
        book.take(posted.fact)
    return own_side(book.deals[deal_id], partner_id)


def own_side(deal: Deal, partner_id: UUID) -> Deal:
    """The deal without the other beneficiaries: what goes back is figured for each apart, so nothing of theirs is needed."""
    who = partner_id if deal.partner_id == partner_id else other(str(deal.id), 0)
    if deal.sale is None:
        return replace(deal, partner_id=who)
    return replace(deal, partner_id=who, sale=_own_part(deal.sale, partner_id))


def _own_part(sale: Sale, partner_id: UUID) -> Sale:
    mine = [index for index, each in enumerate(sale.counted) if each.partner_id == partner_id]
    detail = sale.detail
    if detail is not None:
        cash = detail.cash
        if cash is not None:
            earnings = tuple(_own_part(earning, partner_id) for earning in cash.earnings)
            cash = replace(cash, terms=merged("cash", cash.terms, partner_id), earnings=earnings)
        counted = tuple(each for index, each in enumerate(detail.counted) if index in mine)
        bracketed = tuple(each for index, each in enumerate(detail.bracketed) if index in mine)
        detail = replace(detail, counted=counted, bracketed=bracketed, cash=cash)
    stakes = tuple(stake for stake in sale.stakes if stake.partner_id == partner_id)
    return replace(sale, stakes=stakes, counted=tuple(sale.counted[index] for index in mine), detail=detail)


def merged(about: object, terms: Terms, partner_id: UUID) -> Terms:
    """The terms with the partner's own credit and one for all others, which stands where the first of them stood."""
    found: list[Credit] = []
    rest = sum((each.share for each in terms.credits if each.partner_id != partner_id), Fraction(0))
    for each in terms.credits:
        if each.partner_id == partner_id:
            found.append(each)
        elif rest:
            found.append(Credit(other(about, 1), rest))
            rest = Fraction(0)
    return replace(terms, credits=tuple(found))


def other(about: object, number: int) -> UUID:
    """A name for another partner that says nothing of it, and is a different one in every fact."""
    return derived_id("commission.statement.other", about, number)


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
    return fact.what if isinstance(fact, Booked) else type(fact).__name__.lower()


def foreign_position(entries: Sequence[Entry], partner_id: UUID) -> int | None:
    """The position of another partner from which an accrual was figured, if it was."""
    for entry in entries:
        how = entry.derivation
        if isinstance(how, Accrued) and how.position_of != partner_id and how.base is Base.CUMULATIVE:
            return how.before
    return None
