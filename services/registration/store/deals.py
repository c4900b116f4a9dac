"""Deals in the store: read under their locks, written as sets."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import DealId, PartnerId, State
from services.registration.store import rows
from services.registration.store.slots import one_holder
from services.registration.store.tables.deals import deals
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_SET = ", ".join(f"{name} = r.{name}" for name in rows.COLUMNS if name not in ("id", "partner_id", "account_id", "recorded_at"))
_BY_ID = "select * from deals where id = $1 for update"
# "offset 0": looked up one by one. Where nobody has counted the deals yet, as in a first import, a join reads all of them for each portion.
_BY_ORIGIN = """
select * from deals where id = any(array(
  select d.id from unnest($1::text[], $2::text[]) w(source, external_id)
  cross join lateral (select id from deals where source = w.source and external_id = w.external_id offset 0) d))
order by id for update"""
_BY_IDS = "select * from deals where id = any($1::uuid[]) order by id for update"
_MANY = 50  # deals whose checks of the foreign key cost more than the two statements of `plans_kept`
_INSERT = "insert into deals select * from jsonb_populate_recordset(null::deals, $1::jsonb)"
_SAVE = f"update deals d set {_SET} from jsonb_populate_recordset(null::deals, $1::jsonb) r where d.id = r.id"  # noqa: S608 - column names
_DUE = """
select * from deals where state = 'open' and granted and not expired and protection_ended_at is null and protected_until <= $1
order by protected_until limit $2 for update skip locked"""
# `is true` and `is distinct from`: no index is to be read for all that holds or is not warned; what is asked besides tells the few.
_HOLDING = """
select * from deals
where state = 'open' and granted and not expired and protection_ended_at is null and (protected_until > $1) is true"""
_BY_SILENCE = "coalesce(stage_at, registered_at) <= $2 order by coalesce(stage_at, registered_at) limit $3 for update skip locked"
_SILENT = f"{_HOLDING} and {_BY_SILENCE}"
_ENDING = f"{_HOLDING} and warned is not true and protected_until <= $2 order by protected_until limit $3 for update skip locked"
_FALLING_SILENT = f"{_HOLDING} and warned is distinct from true and {_BY_SILENCE}"
_OPEN_OF = "select * from deals where partner_id = $1 and state in ('open', 'in_review', 'returned') order by id for update"
# When it kept others out last counts, also before a timer has marked it as expired: what becomes of it afterwards begins nothing anew.
_ENDED_BEFORE = """
select 1 from deals where partner_id = $1 and account_id = $2 and families && $3::text[] and id <> $5 and state <> 'won'
and least(protection_ended_at, protected_until) > $4 and least(protection_ended_at, protected_until) <= $6 limit 1"""
# The quotas' rows are locked in order and counted again under that lock: two requests cannot both take the last place.
_ENTER = """
with held as (
  select q.partner_id, m.deals from unnest($2::uuid[], $3::int[]) m(partner_id, deals) join registration_quotas q using (partner_id)
  where q.open_deals + m.deals <= $4 order by q.partner_id for update of q
), place as (
  update registration_quotas q set open_deals = q.open_deals + h.deals from held h
  where h.partner_id = q.partner_id and q.open_deals + h.deals <= $4 returning 1
), room as (
  select 1 where (select count(*) from place) = cardinality($2::uuid[])
), deal as (
  insert into deals select r.* from room, jsonb_populate_recordset(null::deals, $1::jsonb) r returning 1
), slot as (
  insert into protection_slots (deal_id, account_id, family, path, during)
  select d, a, f, p, tstzrange(l, u)
  from room, unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[]) r(d, a, f, p, l, u)
)
select count(*) from deal"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which deals a list shows."""

    state: State | None = None
    partner_id: UUID | None = None
    account_id: UUID | None = None
    source: str | None = None
    external_id: str | None = None
    conflict: bool | None = None


async def one(uow: UnitOfWork, deal_id: DealId) -> Deal:
    """The deal, locked until the transaction ends. Raises NotFound."""
    found = await uow.fetch(_BY_ID, deal_id)
    if not found:
        raise NotFound(what="deal")
    return rows.read(found[0])


async def seen(uow: UnitOfWork, deal_id: UUID) -> Deal:
    """The deal, not locked. Raises NotFound."""
    found = (await uow.execute(sa.select(deals).where(deals.c.id == deal_id))).first()
    if found is None:
        raise NotFound(what="deal")
    return rows.read(found)


async def listed(uow: UnitOfWork, wanted: Filter, *, after: UUID | None, limit: int) -> Sequence[Deal]:
    """At most `limit` deals after `after`, oldest first."""
    if wanted.source is not None:  # how many there are differs so much that one plan for all sources would read the whole table
        await uow.plan_for_arrays()
    query = sa.select(deals).order_by(deals.c.id).limit(limit)
    if wanted.state is not None:  # written out: how many there are differs so much that one plan for all states would read the whole table
        query = query.where(deals.c.state == sa.literal(wanted.state.value, literal_execute=True))
    for name in ("partner_id", "account_id", "source", "external_id", "conflict"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(deals.c[name] == value)
    if after is not None:
        query = query.where(deals.c.id > after)
    return [rows.read(row) for row in (await uow.execute(query)).all()]


async def by_origin(uow: UnitOfWork, origins: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Deal]:
    """The deals that follow these records of sales systems, locked."""
    sources, external = zip(*sorted(set(origins)), strict=True)
    found = await uow.fetch(_BY_ORIGIN, list(sources), list(external))
    return {(row.source, row.external_id): rows.read(row) for row in found}


async def by_ids(uow: UnitOfWork, ids: Iterable[DealId]) -> list[Deal]:
    """These deals, locked."""
    return [rows.read(row) for row in await uow.fetch(_BY_IDS, sorted(ids))]


async def due(uow: UnitOfWork, *, limit: int) -> list[Deal]:
    """Deals whose protection has run out unannounced, locked; those that somebody works on come next time."""
    return [rows.read(row) for row in await uow.fetch(_DUE, uow.now, limit)]


async def silent(uow: UnitOfWork, *, since: datetime, limit: int) -> list[Deal]:
    """Protected deals of which nobody was heard after `since`, locked; those that somebody works on come next time."""
    return [rows.read(row) for row in await uow.fetch(_SILENT, uow.now, since, limit)]


async def ending(uow: UnitOfWork, *, before: datetime, silent_since: datetime | None, limit: int) -> list[Deal]:
    """Protected deals whose end is near and not announced: by their window before `before`, or by a silence since `silent_since`."""
    found = list(await uow.fetch(_ENDING, uow.now, before, limit))
    if silent_since is not None:
        known = {row.id for row in found}
        found += [row for row in await uow.fetch(_FALLING_SILENT, uow.now, silent_since, limit) if row.id not in known]
    return [rows.read(row) for row in found]


async def open_of(uow: UnitOfWork, partner_id: PartnerId) -> list[Deal]:
    """The partner's open deals and those in review, locked."""
    return [rows.read(row) for row in await uow.fetch(_OPEN_OF, partner_id)]


async def ended_within(uow: UnitOfWork, deal: Deal, *, since: datetime) -> bool:
    """Whether the same partner's earlier registration of this deal kept others out until some time after `since`; a win is no such end."""
    scope = deal.scope
    return bool(await uow.fetch(_ENDED_BEFORE, deal.partner_id, scope.account_id, list(scope.families), since, deal.id, uow.now))


async def enter(uow: UnitOfWork, new: Sequence[Deal], *, limit: int) -> bool:
    """Write new deals that keep rivals out, their slots and their places in the quotas in one statement.

    False if one has no place left; those of the others are then taken all the same, and only a rollback gives them back.
    """
    places = Counter(deal.partner_id for deal in new)
    held = [(deal.id, deal.scope, family, deal.protection.window) for deal in new for family in deal.scope.families]
    with one_holder():
        written = await uow.fetch(
            _ENTER,
            rows.as_json(new, recorded_at=uow.now),
            list(places),
            list(places.values()),
            limit,
            [deal_id for deal_id, *_ in held],
            [scope.account_id for _, scope, *_ in held],
            [family for _, _, family, _ in held],
            [scope.path for _, scope, *_ in held],
            [window.start for *_, window in held],
            [window.end for *_, window in held],
        )
    return bool(written[0][0])


async def insert(uow: UnitOfWork, new: Sequence[Deal]) -> None:
    """Write new deals."""
    if new:
        written = rows.as_json(new, recorded_at=uow.now)
        async with uow.plans_kept() if len(new) >= _MANY else nullcontext():
            await uow.send(_INSERT, written)


async def save(uow: UnitOfWork, *changed: Deal) -> None:
    """Write deals that were read under their locks."""
    if changed:
        await uow.fetch(_SAVE, rows.as_json(changed, recorded_at=uow.now))
