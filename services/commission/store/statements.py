"""Issued statements, and what the next one is made of: facts, entries and transfers that no statement holds yet."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.commission.domain.calendar import PeriodKind
from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Entry, Transfer
from services.commission.domain.facts import DealFact, Rate
from services.commission.domain.plan import Plan
from services.commission.domain.statement import Posted, Span
from services.commission.store import reading, sums
from services.commission.store.encoding import decoded_fact, decoded_side, encoded
from services.commission.store.tables_statements import statements
from services.commission.store.touching import Touched
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound

_PORTION = 5_000
# Only a partner whose first fact without a statement is older than the period that runs now can be due.
_DUE = """
select s.partner_id from streams s
left join lateral (select last_fact, ends from statements t where t.partner_id = s.partner_id order by number desc limit 1) t on true
join lateral (select recorded_at from journal j where j.partner_id = s.partner_id and j.number = coalesce(t.last_fact, 0) + 1) j on true
where s.partner_id > $1 and j.recorded_at < $2 and coalesce(t.ends, '-infinity') < $2
order by s.partner_id limit $3"""
_LAST = """
select number, hash, last_fact, last_entry, period_from, period_until, starts, ends, document
from statements where partner_id = $1 order by number desc limit 1"""
_FIRST = "select recorded_at from journal where partner_id = $1 and number = $2"
# Facts are numbered under the partner's lock, so that what is seen here without it has no gaps. The first fact that was recorded
# after the period ends the statement: one that a transaction from before its end posts later still goes to the next.
_FACTS = """
select number, recorded_at, plan_known, kind, body::text from journal
where partner_id = $1 and number >= $2 and number < coalesce(
    (select min(number) from journal where partner_id = $1 and number >= $2 and recorded_at >= $3), 9223372036854775807)
order by number"""
_DEAL_FACTS = """
select number, recorded_at, plan_known, kind, body::text from journal where partner_id = $1 and body->>'deal_id' = $2 order by number"""
_TRANSFERS = """
select id, entry_id, partner_id, source, target, amount_minor, currency from transfers where id = any($1::uuid[]) and partner_id = $2"""
_NOW = """
select s.posted, b.currency, b.held_minor, b.payable_minor, b.in_payout_minor, b.paid_minor
from streams s join balances b using (partner_id) where partner_id = $1"""
_DEALS = "select deal::text from stated_deals where partner_id = $1 and deal_id = any($2::uuid[])"
_KEEP_DEALS = """
insert into stated_deals (partner_id, deal_id, deal) select $1, d, j::jsonb from unnest($2::uuid[], $3::text[]) as r(d, j)
on conflict (partner_id, deal_id) do update set deal = excluded.deal"""
_RULES = "select version, period, recorded_at, recorded_by, reason from statement_rules order by version"
_PERIOD = """
select coalesce((select period from statement_rules order by version desc limit 1),
    (select body->'statements'->>'period' from policies where version = 1), 'month')"""
_NAME = "select name from payees where partner_id = $1"
_ADD_RULES = """
insert into statement_rules (version, period, recorded_at, recorded_by, reason)
select coalesce(max(version), 0) + 1, $1, $2, $3, $4 from statement_rules"""
_BUCKETS = (Account.HELD, Account.PAYABLE, Account.IN_PAYOUT, Account.PAID)


@dataclass(frozen=True, slots=True)
class Last:
    """The statement that the next one follows."""

    number: int
    hash: str
    last_fact: int
    last_entry: int
    span: Span
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of what the vendor decided about statements; never edited."""

    version: int
    period: PeriodKind
    recorded_at: datetime
    recorded_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A statement as stored; `document` is its canonical text."""

    id: UUID
    partner_id: UUID
    number: int
    period_from: date
    period_until: date
    issued_at: datetime
    hash: str
    former_hash: str | None
    document: str


_COLUMNS = tuple(field.name for field in fields(Issued))
_shown = [statements.c[name] for name in _COLUMNS]


async def period(uow: UnitOfWork) -> PeriodKind:
    """How long a statement's period is: as was decided last, else as the programme began, else a month."""
    return PeriodKind((await uow.fetch(_PERIOD))[0][0])


async def rules(uow: UnitOfWork) -> list[Rules]:
    """Every version of the rules, in order; the last one is in force."""
    return [Rules(row[0], PeriodKind(row[1]), *row[2:]) for row in await uow.fetch(_RULES)]


async def add_rules(uow: UnitOfWork, kind: PeriodKind, *, by: str, reason: str) -> Rules:
    """Record new rules: they hold for periods that begin where a partner's last statement ended."""
    await uow.lock("statement rules")
    await uow.fetch(_ADD_RULES, kind.value, uow.now, by, reason)
    return (await rules(uow))[-1]


async def due(uow: UnitOfWork, *, after: UUID, before: datetime, limit: int) -> Sequence[UUID]:
    """Partners with facts that were recorded `before` the running period and stand in no statement, in order of their ids."""
    return [row[0] for row in await uow.fetch(_DUE, after, before, limit)]


async def last(uow: UnitOfWork, partner_id: UUID) -> Last | None:
    """The partner's latest statement."""
    rows = await uow.fetch(_LAST, partner_id)
    if not rows:
        return None
    number, digest, last_fact, last_entry, first, until, starts, ends, document = rows[0]
    return Last(number, digest, last_fact, last_entry, Span(first, until, starts, ends), orjson.loads(document))


async def first_recorded(uow: UnitOfWork, partner_id: UUID, number: int) -> datetime | None:
    """When the fact of that number was recorded, if there is one."""
    rows = await uow.fetch(_FIRST, partner_id, number)
    return rows[0][0] if rows else None


async def facts(uow: UnitOfWork, partner_id: UUID, *, first: int, ends: datetime) -> list[Posted]:
    """The partner's facts from number `first` on that were recorded before `ends`, in posting order."""
    return [_posted(row) for row in await uow.fetch(_FACTS, partner_id, first, ends)]


async def facts_before(uow: UnitOfWork, fact: DealFact) -> list[Posted]:
    """What the registrant's journal holds about the deal before this fact. It reads that whole journal: few facts need it."""
    found = [_posted(row) for row in await uow.fetch(_DEAL_FACTS, fact.partner_id, str(fact.deal_id))]
    return list(takewhile(lambda posted: posted.fact.id != fact.id, found))


async def rates(uow: UnitOfWork, plan: Plan, facts: Sequence[Posted]) -> tuple[Rate, ...]:
    """The exchange rates of the days on which the facts' deals closed."""
    return tuple(await sums.rates(uow, Touched([(posted.fact, plan) for posted in facts], [], plan).pairs()))


def _posted(row: Row) -> Posted:
    return Posted(row[0], row[1], row[2], decoded_fact(row[3], row[4]))


async def entries(uow: UnitOfWork, partner_id: UUID, *, after: int, of: Iterable[Posted]) -> tuple[dict[str, tuple[Entry, ...]], int]:
    """The entries of these facts by fact id, and the serial number of the last one (`after` if there is none)."""
    wanted, found, seq = {posted.fact.id for posted in of}, defaultdict[str, tuple[Entry, ...]](tuple), after
    while True:
        shown = await reading.page(uow, after=seq, limit=_PORTION, partner_id=partner_id, deal_id=None)
        for each in shown:
            if each.entry.fact_id not in wanted:  # posted later: entries of one partner stand in posting order
                return found, seq
            found[each.entry.fact_id] += (each.entry,)
            seq = each.seq
        if len(shown) < _PORTION:
            return found, seq


async def transfers(uow: UnitOfWork, partner_id: UUID, ids: Iterable[UUID]) -> set[Transfer]:
    """The ledger's transfers with these ids."""
    rows = await uow.fetch(_TRANSFERS, sorted(ids), partner_id)
    return {Transfer(row[0], row[1], row[2], Account(row[3]), Account(row[4]), row[5], row[6]) for row in rows}


async def balances_at(uow: UnitOfWork, partner_id: UUID, number: int) -> Mapping[tuple[str, Account], int] | None:
    """The stored balances while the fact of that number is the last one posted; None once there are later ones."""
    rows = await uow.fetch(_NOW, partner_id)
    if any(row[0] != number for row in rows):
        return None
    return {(row[1], account): amount for row in rows for account, amount in zip(_BUCKETS, row[2:], strict=True)}


async def deals(uow: UnitOfWork, partner_id: UUID, deal_ids: Iterable[UUID]) -> dict[UUID, Deal]:
    """The partner's side of these deals as the last statement that touched them left them."""
    found = {}
    for row in await uow.fetch(_DEALS, partner_id, sorted(deal_ids)):
        deal = decoded_side(row[0])
        found[deal.id] = deal
    return found


async def keep_deals(uow: UnitOfWork, partner_id: UUID, after: Mapping[UUID, Deal]) -> None:
    """Remember how a statement left the partner's deals."""
    if after:
        await uow.fetch(_KEEP_DEALS, partner_id, list(after), [encoded(deal) for deal in after.values()])


async def payee_name(uow: UnitOfWork, partner_id: UUID) -> str | None:
    """The name under which the partner is paid, if it has given one."""
    rows = await uow.fetch(_NAME, partner_id)
    return rows[0][0] if rows else None


async def add(uow: UnitOfWork, issued: Issued, *, span: Span, last_fact: int, last_entry: int) -> None:
    """Write a statement; after this nothing can change it."""
    kept = {name: getattr(issued, name) for name in _COLUMNS}
    bounds = {"starts": span.starts, "ends": span.ends, "last_fact": last_fact, "last_entry": last_entry}
    await uow.execute(sa.insert(statements).values(**kept, **bounds))


async def page(uow: UnitOfWork, *, after: tuple[UUID, int] | None, limit: int, partner_id: UUID | None) -> Sequence[Issued]:
    """Statements by partner and number."""
    key = sa.tuple_(statements.c.partner_id, statements.c.number)
    query = sa.select(*_shown).order_by(statements.c.partner_id, statements.c.number).limit(limit)
    if after is not None:
        query = query.where(key > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    if partner_id is not None:
        query = query.where(statements.c.partner_id == partner_id)
    return [_issued(row) for row in await uow.execute(query)]


async def get(uow: UnitOfWork, statement_id: UUID) -> Issued:
    """One statement. Raises NotFound."""
    row = (await uow.execute(sa.select(*_shown).where(statements.c.id == statement_id))).first()
    if row is None:
        raise NotFound(what="statement")
    return _issued(row)


def _issued(row: Any) -> Issued:
    return Issued(**{name: getattr(row, name) for name in _COLUMNS})
