"""Pages of the ledger for the API; row-level security shows a partner its own rows alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.commission.domain.entries import Entry, Kind
from services.commission.store.encoding import decoded_derivation
from services.commission.store.tables import balances, entries
from services.commission.store.tables_disputes import disputes
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_WAITING = """
select id, event_id, topic, convert_from(key, 'UTF8') as partner, predecessor, reason, waiting_since
from waiting_facts where id > $1 order by id limit $2"""
_IMBALANCE = """
select coalesce(sum(abs(coalesce(e.total, 0) - coalesce(t.total, 0)) + abs(coalesce(t.total, 0) - coalesce(b.total, 0))), 0)::bigint
from (select currency, sum(amount_minor) as total from entries group by 1) e
full join (select currency, sum(case when source = 'programme:expense' then amount_minor when target = 'programme:expense'
    then -amount_minor else 0 end) as total from transfers group by 1) t using (currency)
full join (select currency, sum(held_minor + payable_minor + in_payout_minor + paid_minor) as total
    from balances group by 1) b using (currency)"""
is_disputed = sa.exists().where(disputes.c.entry_id == entries.c.id, disputes.c.decided_at.is_(None)).label("disputed")


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as stored, with where its hold stands, whether a dispute about it is to be settled, and whether conflicts hold of it."""

    seq: int
    entry: Entry
    recorded_at: datetime
    due_at: datetime | None
    released_at: datetime | None
    disputed: bool = False
    contested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A partner's accounts in one currency."""

    partner_id: UUID
    currency: str
    held: int
    payable: int
    in_payout: int
    paid: int


@dataclass(frozen=True, slots=True)
class Waits:
    """A fact that waits, and why."""

    id: int
    event_id: str
    topic: str
    partner: str
    predecessor: str
    reason: str
    since: datetime


async def page(uow: UnitOfWork, *, after: int, limit: int, partner_id: UUID | None, deal_id: UUID | None) -> Sequence[Shown]:
    """Entries in posting order after the serial number `after`."""
    query = sa.select(entries, is_disputed).where(entries.c.seq > after).order_by(entries.c.seq).limit(limit)
    if partner_id is not None:
        query = query.where(entries.c.partner_id == partner_id)
    if deal_id is not None:
        query = query.where(entries.c.deal_id == deal_id)
    return [shown(row) for row in await uow.execute(query)]


async def get(uow: UnitOfWork, entry_id: UUID) -> Shown:
    """One entry. Raises NotFound."""
    row = (await uow.execute(sa.select(entries, is_disputed).where(entries.c.id == entry_id))).first()
    if row is None:
        raise NotFound(what="entry")
    return shown(row)


async def balances_page(uow: UnitOfWork, *, after: tuple[UUID, str] | None, limit: int, partner_id: UUID | None) -> Sequence[Balance]:
    """Balances by partner and currency."""
    key = sa.tuple_(balances.c.partner_id, balances.c.currency)
    query = sa.select(balances).order_by(balances.c.partner_id, balances.c.currency).limit(limit)
    if after is not None:
        query = query.where(key > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    if partner_id is not None:
        query = query.where(balances.c.partner_id == partner_id)
    return [_balance(row) for row in await uow.execute(query)]


async def waiting(uow: UnitOfWork, *, after: int, limit: int) -> Sequence[Waits]:
    """Facts that wait for another, or for a rate, oldest first."""
    return [Waits(*row) for row in await uow.fetch(_WAITING, after, limit)]


async def imbalance(uow: UnitOfWork) -> int:
    """How many minor units entries, transfers and balances are apart, over all currencies: 0, always."""
    return int((await uow.fetch(_IMBALANCE))[0][0])


def _balance(row: Any) -> Balance:
    return Balance(row.partner_id, row.currency, row.held_minor, row.payable_minor, row.in_payout_minor, row.paid_minor)


def shown(row: Any) -> Shown:
    derivation = row.derivation if isinstance(row.derivation, dict) else orjson.loads(row.derivation)
    entry = Entry(
        id=row.id,
        fact_id=row.fact_id,
        kind=Kind(row.kind),
        partner_id=row.partner_id,
        deal_id=row.deal_id,
        close_number=row.close_number,
        amount=row.amount_minor,
        revenue=row.revenue_minor,
        currency=row.currency,
        plan_version=row.plan_version,
        rule=row.rule,
        month=row.month,
        closed_at=row.closed_at,
        release_at=row.release_at,
        reason=row.reason,
        derivation=decoded_derivation(derivation),
        reverses=row.reverses,
    )
    return Shown(row.seq, entry, row.recorded_at, row.due_at, row.released_at, row.disputed, row.contested_at)
