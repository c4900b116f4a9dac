"""Disputes as the database keeps them: one that is not settled for each entry, each with what was said and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.commission.domain.dispute import UNSETTLED, Dispute, Hold, Said, State
from services.commission.domain.entries import Entry, Kind
from services.commission.store.tables import entries
from services.commission.store.tables_disputes import disputes
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_STATED = """
select issued_at from statements where partner_id = $1 and last_entry >= (select seq from entries where id = $2) order by number limit 1"""
# Whoever else looks for late ones at the same moment passes these by, and finds them marked afterwards. The version stays: who
# read the dispute before decides about the same thing.
_OVERDUE = """
update disputes set overdue_at = $1 where id in (
    select id from disputes where decided_at is null and overdue_at is null and due_at <= $1
    order by due_at limit $2 for update skip locked)
returning id"""
_TOLD_AFTER = "select fact_id from journal where partner_id = $1 and number > $2 and fact_id like 'dispute:%'"
_one = disputes.c.decided_at.is_(None)


@dataclass(frozen=True, slots=True)
class Shown:
    """A dispute and its place in the list."""

    seq: int
    dispute: Dispute


async def stated_at(uow: UnitOfWork, partner_id: UUID, entry_id: UUID) -> datetime | None:
    """When the first statement was issued that shows the entry; None while there is none."""
    rows = await uow.fetch(_STATED, partner_id, entry_id)
    return rows[0][0] if rows else None


async def corrected(uow: UnitOfWork, entry: Entry, *, by: Iterable[Kind]) -> int:
    """What later entries of these kinds take from this one or add to it, in minor units, signed."""
    query = sa.select(sa.func.sum(entries.c.amount_minor)).where(entries.c.reverses == entry.id, entries.c.kind.in_(tuple(by)))
    # `reverses` has no index; what the deal or the partner has is few enough
    query = query.where(entries.c.deal_id == entry.deal_id if entry.deal_id else entries.c.partner_id == entry.partner_id)
    return int((await uow.execute(query)).scalar_one() or 0)


async def add(uow: UnitOfWork, dispute: Dispute) -> bool:
    """Keep a new dispute; False if the entry has one that is not settled."""
    statement = insert(disputes).values(_values(dispute))
    once = statement.on_conflict_do_nothing(index_elements=["entry_id"], index_where=_one).returning(disputes.c.seq)
    return (await uow.execute(once)).first() is not None


async def save(uow: UnitOfWork, dispute: Dispute) -> None:
    """Write it as it is now."""
    await uow.execute(sa.update(disputes).where(disputes.c.id == dispute.id).values(_values(dispute)))


async def get(uow: UnitOfWork, dispute_id: UUID, *, lock: bool = False) -> Dispute:
    """The dispute, held until the transaction ends if asked for. Raises NotFound."""
    query = sa.select(disputes).where(disputes.c.id == dispute_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(what="dispute")
    return _dispute(row)


async def page(uow: UnitOfWork, *, after: int, limit: int, filters: Mapping[str, object], overdue: bool | None) -> Sequence[Shown]:
    """Disputes as they were opened; `filters` are columns that must equal what is not None."""
    query = sa.select(disputes).where(disputes.c.seq > after).order_by(disputes.c.seq).limit(limit)
    for name, value in filters.items():
        if value is not None:
            query = query.where(disputes.c[name] == value)
    if overdue is not None:
        late = sa.and_(disputes.c.overdue_at.is_not(None), disputes.c.state.in_(UNSETTLED))
        query = query.where(late if overdue else sa.not_(late))
    return [Shown(row.seq, _dispute(row)) for row in await uow.execute(query)]


async def before(uow: UnitOfWork, partner_id: UUID, *, opened: datetime, settled: datetime | None) -> list[Dispute]:
    """The partner's disputes that were opened before `opened`, without those that were settled before `settled`."""
    query = sa.select(disputes).where(disputes.c.partner_id == partner_id, disputes.c.opened_at < opened).order_by(disputes.c.seq)
    if settled is not None:
        query = query.where(sa.or_(disputes.c.decided_at.is_(None), disputes.c.decided_at >= settled))
    return [_dispute(row) for row in await uow.execute(query)]


async def told_after(uow: UnitOfWork, partner_id: UUID, number: int) -> frozenset[str]:
    """The ids of facts about disputes in the partner's journal after the fact of that number."""
    return frozenset(row[0] for row in await uow.fetch(_TOLD_AFTER, partner_id, number))


async def mark_overdue(uow: UnitOfWork, *, limit: int) -> int:
    """Mark those whose vendor let the due time pass; returns how many."""
    return len(await uow.fetch(_OVERDUE, uow.now, limit))


def _values(dispute: Dispute) -> dict[str, Any]:
    told, decided = dispute.answer, dispute.decision
    return {
        **{name: getattr(dispute, name) for name in ("id", "partner_id", "entry_id", "deal_id", "close_number", "currency")},
        **{name: getattr(dispute, name) for name in ("state", "hold", "due_at", "overdue_at", "version")},
        "held_minor": dispute.held,
        "reason": dispute.opened.text,
        "opened_at": dispute.opened.at,
        "opened_by": dispute.opened.by,
        "answer": told and told.text,
        "answered_at": told and told.at,
        "answered_by": told and told.by,
        "decision": decided and decided.text,
        "decided_at": decided and decided.at,
        "decided_by": decided and decided.by,
        "adjustment_minor": dispute.adjustment,
    }


def _dispute(row: Any) -> Dispute:
    return Dispute(
        **{name: getattr(row, name) for name in ("id", "partner_id", "entry_id", "deal_id", "close_number", "currency")},
        state=State(row.state),
        opened=Said(row.reason, row.opened_at, row.opened_by),
        due_at=row.due_at,
        hold=Hold(row.hold),
        held=row.held_minor,
        overdue_at=row.overdue_at,
        answer=Said(row.answer, row.answered_at, row.answered_by) if row.answered_at else None,
        decision=Said(row.decision, row.decided_at, row.decided_by) if row.decided_at else None,
        adjustment=row.adjustment_minor,
        version=row.version,
    )
