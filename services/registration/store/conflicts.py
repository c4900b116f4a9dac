"""Conflicts and their sides in the store: opened as sets, one of the same kind and deals at a time, changed under their locks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.conflicts.conflict import Conflict, ConflictState, ConflictStep, Kind, Said, Side
from services.registration.domain.conflicts.trial import PastConflict
from services.registration.domain.values import AccountId, DealId, PartnerId
from services.registration.store.conflict_rows import as_json, conflict_row, moving, read_conflict, read_side, side_row
from services.registration.store.tables.conflicts import conflict_sides, conflict_steps, conflicts
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_CONCERNED = """
select id, partner_id, account_id, account_name,
  case when state <> 'open' then coalesce(closed_at, protection_ended_at, protected_until) end
from deals where id = any($1::uuid[])"""
# Looked for before it is inserted: an insert that meets its like would wait for whoever is deciding that conflict at the moment.
_ENTER = """
insert into conflicts select r.* from jsonb_populate_recordset(null::conflicts, $1::jsonb) r
where not exists (select 1 from conflicts c where c.id = r.id)
  and not exists (select 1 from conflicts c where c.fingerprint = r.fingerprint and c.state <> 'closed')
order by r.id on conflict do nothing returning id"""
_SAVE = """
update conflicts c set step = r.step, step_due_at = r.step_due_at, owner = r.owner, escalated_at = r.escalated_at,
  state = r.state, ruling = r.ruling, version = r.version
from jsonb_populate_recordset(null::conflicts, $1::jsonb) r where c.id = r.id"""
_ADD_SIDES = "insert into conflict_sides select * from jsonb_populate_recordset(null::conflict_sides, $1::jsonb)"
_SAVE_SIDES = """
update conflict_sides s set deal_ids = r.deal_ids, effect = r.effect, share = r.share, version = r.version,
  step = r.step, step_due_on = r.step_due_on, state = r.state
from jsonb_populate_recordset(null::conflict_sides, $1::jsonb) r where s.id = r.id"""
_STEP = 'insert into conflict_steps (conflict_id, step, text, at, "by") values ($1, $2, $3, $4, $5)'
_LATE = """
select * from conflicts where state <> 'closed' and escalated_at is null and step_due_at <= $1
order by step_due_at limit $2 for update skip locked"""
_CASES = """
select c.kind, array_agg(distinct d order by d) from conflicts c join conflict_sides s on s.conflict_id = c.id, unnest(s.deal_ids) d
where c.opened_at >= $1 and c.opened_at < $2 group by c.id, c.kind order by c.id"""

# Its account may be merged, or its deals split off, while it is open: where they are now is where staff finds them.
_ACCOUNT = sa.literal_column(
    """coalesce((
  select d.account_id from conflict_sides s join deals d on d.id = any(s.deal_ids) where s.conflict_id = conflicts.id
  order by d.account_id <> conflicts.account_id, d.id limit 1), conflicts.account_id)""",
    sa.Uuid,
)
_SHOWN = [_ACCOUNT.label("account_id") if column is conflicts.c.account_id else column for column in conflicts.c]
_CONCERNED_AND_HELD = f"{_CONCERNED} order by id for share"  # who has each stays so until the transaction ends
# Whoever has a deal is a side of every open conflict about it.
_HOLD_ABOUT = """
select id, state from conflicts where id = any(array(
  select $1::uuid union all select s.conflict_id from deals d join conflict_sides s on s.partner_id = d.partner_id and s.state = 'open'
  where d.id = $2 and exists (select from conflict_sides o where o.conflict_id = s.conflict_id and $2 = any(o.deal_ids))
)) order by id for update"""


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a conflict has to know of a deal. `ended_at` is absent while it is open."""

    id: DealId
    partner_id: PartnerId
    account_id: AccountId
    account_name: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SideSeen:
    """A side as its partner sees it: its own part, and how far the conflict has come."""

    side: Side
    kind: Kind
    opened_on: date
    step: ConflictStep
    step_due_on: date
    state: ConflictState


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which conflicts a list shows; `escalated` is asked for staff alone."""

    state: ConflictState | None = None
    kind: Kind | None = None
    escalated: bool | None = None


async def concerned(uow: UnitOfWork, deal_ids: Iterable[DealId], *, hold: bool = False) -> dict[DealId, Concerned]:
    """Those of the deals that the caller may see; with `hold` none of them goes to another partner before the transaction ends."""
    rows = await uow.fetch(_CONCERNED_AND_HELD if hold else _CONCERNED, sorted(set(deal_ids)))
    return {
        DealId(deal_id): Concerned(DealId(deal_id), PartnerId(partner), AccountId(account), name, ended)
        for deal_id, partner, account, name, ended in rows
    }


async def enter(uow: UnitOfWork, opened: Sequence[tuple[Conflict, Sequence[Side]]]) -> set[UUID]:
    """Write new conflicts with their sides; the ids of those that were not there yet."""
    rows = [conflict_row(conflict, [deal_id for side in sides for deal_id in side.deal_ids]) for conflict, sides in opened]
    entered = {row[0] for row in await uow.fetch(_ENTER, as_json(rows))}
    new = [side_row(side, conflict) for conflict, sides in opened if conflict.id in entered for side in sides]
    if new:
        await uow.send(_ADD_SIDES, as_json(new))
    return entered


async def one(uow: UnitOfWork, conflict_id: UUID, *, lock: bool = False) -> Conflict:
    """The conflict, held until the transaction ends if asked for. Raises NotFound."""
    query = sa.select(*_SHOWN).where(conflicts.c.id == conflict_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(what="conflict")
    return read_conflict(row)


async def hold_about(uow: UnitOfWork, conflict_id: UUID, deal_id: DealId) -> list[UUID]:
    """Hold the conflict with all others that are open about the deal, in one order; returns the others."""
    held = await uow.fetch(_HOLD_ABOUT, conflict_id, deal_id)
    return [id_ for id_, state in held if id_ != conflict_id and state == ConflictState.OPEN]


async def sides_of(uow: UnitOfWork, *conflict_ids: UUID) -> list[Side]:
    """The sides that the caller may see."""
    query = sa.select(conflict_sides).where(conflict_sides.c.conflict_id.in_(conflict_ids)).order_by(conflict_sides.c.id)
    return [read_side(row) for row in await uow.execute(query)]


async def save(uow: UnitOfWork, conflict: Conflict, sides: Sequence[Side]) -> None:
    """Write a conflict that was read under its lock, and all its sides, which show how far it has come."""
    await uow.fetch(_SAVE, as_json([{"id": conflict.id, **moving(conflict)}]))
    await uow.fetch(_SAVE_SIDES, as_json([side_row(side, conflict) for side in sides]))


async def add_side(uow: UnitOfWork, conflict: Conflict, side: Side) -> None:
    """Write a side more."""
    await uow.fetch(_ADD_SIDES, as_json([side_row(side, conflict)]))


async def record_step(uow: UnitOfWork, conflict_id: UUID, step: ConflictStep, said: Said) -> None:
    """Put a step on record, for good."""
    await uow.fetch(_STEP, conflict_id, step.value, said.text, said.at, said.by)


async def steps_of(uow: UnitOfWork, conflict_id: UUID) -> list[tuple[ConflictStep, Said]]:
    """The steps on record, in their order."""
    query = sa.select(conflict_steps).where(conflict_steps.c.conflict_id == conflict_id).order_by(conflict_steps.c.id)
    return [(ConflictStep(row.step), Said(row.text, row.at, row.by)) for row in await uow.execute(query)]


async def late(uow: UnitOfWork, *, limit: int) -> list[Conflict]:
    """Conflicts whose step is overdue and nobody was told, locked; those that somebody works on come next time."""
    return [read_conflict(row) for row in await uow.fetch(_LATE, uow.now, limit)]


async def listed(uow: UnitOfWork, wanted: Filter, *, after: tuple[datetime, UUID] | None, limit: int) -> list[Conflict]:
    """At most `limit` conflicts after `after`, oldest first (for staff)."""
    query = _filtered(sa.select(*_SHOWN), conflicts, wanted).order_by(conflicts.c.opened_at, conflicts.c.id).limit(limit)
    if wanted.escalated is not None:
        query = query.where(conflicts.c.escalated_at.is_not(None) == wanted.escalated)
    if after is not None:
        query = query.where(sa.tuple_(conflicts.c.opened_at, conflicts.c.id) > sa.tuple_(*after))
    return [read_conflict(row) for row in await uow.execute(query)]


async def sides_seen(
    uow: UnitOfWork,
    partner_id: UUID,
    wanted: Filter,
    *,
    after: tuple[date, UUID] | None = None,
    conflict_id: UUID | None = None,
    limit: int = 1,
) -> list[SideSeen]:
    """The partner's own sides, as it sees them: oldest first by the day, within which the order tells nothing."""
    query = _filtered(sa.select(conflict_sides), conflict_sides, wanted).where(conflict_sides.c.partner_id == partner_id)
    query = query.order_by(conflict_sides.c.opened_on, conflict_sides.c.id).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(conflict_sides.c.opened_on, conflict_sides.c.id) > sa.tuple_(*after))
    if conflict_id is not None:
        query = query.where(conflict_sides.c.conflict_id == conflict_id)
    return [
        SideSeen(read_side(row), Kind(row.kind), row.opened_on, ConflictStep(row.step), row.step_due_on, ConflictState(row.state))
        for row in await uow.execute(query)
    ]


def _filtered(query: "sa.Select[Any]", table: sa.Table, wanted: Filter) -> "sa.Select[Any]":
    for name in ("state", "kind"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(table.c[name] == value.value)
    return query


async def cases(uow: UnitOfWork, *, since: datetime, until: datetime) -> list[PastConflict]:
    """The conflicts that were opened in a period, with their deals."""
    return [PastConflict(Kind(kind), tuple(map(DealId, ids))) for kind, ids in await uow.fetch(_CASES, since, until)]
