"""The feed as rows: appended under one row's lock, so that the order of positions is the order of commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.notifications.domain.feed import Entry, Extent
from services.notifications.domain.filters import EVERYTHING
from services.notifications.store.tables import feed_entries, feed_extent
from shared.chassis.database import UnitOfWork

CHANNEL = "hansa_deliveries"

# A sequence would hand out positions before their commits are in order, and a reader would pass by the late one. The lock of the
# single row is held until the commit; nothing else is locked after it. The NOTIFY is once per transaction and goes out with its
# commit: batches are few, and the append is serialised anyway.
_APPEND = """
with head as (
    update feed_extent set head = head + cardinality($1::text[]) returning head - cardinality($1::text[]) as base
), given as (
    select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
        with ordinality as g(event_id, event_type, partner_id, payload, occurred_at, traceparent, n)
), entered as (
    insert into feed_entries (position, event_id, event_type, partner_id, payload, occurred_at, appended_at)
    select base + n, event_id, event_type, partner_id, payload, occurred_at, $7 from given, head
), taken as (
    select g.*, e.id as endpoint_id, e.event_types from given g join endpoints e on e.partner_id = g.partner_id where e.state = 'enabled'
    union all
    select g.*, e.id, e.event_types from given g join endpoints e on e.partner_id is null and g.partner_id is null where e.state = 'enabled'
), made as (
    insert into deliveries (id, endpoint_id, partner_id, message_id, event_type, position, state, due_at,
                            attempts, earlier_attempts, traceparent, created_at)
    select gen_random_uuid(), endpoint_id, partner_id, event_id, event_type, base + n, 'pending', $7, 0, 0, traceparent, $7
    from taken cross join head
    where event_types && array['*', split_part(event_type, '.', 1) || '.*', event_type]
    order by n
    returning 1
)
select pg_notify($8, '') from (select count(*) as n from made) counted where n > 0"""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An event as one viewer sees it, about to be appended. `payload` is the exact webhook body."""

    event_id: str
    event_type: str
    viewer: UUID | None
    payload: str
    occurred_at: datetime
    traceparent: str | None


async def append(uow: UnitOfWork, entries: Sequence[NewEntry]) -> None:
    """Append the entries in order and make a delivery for each enabled endpoint that takes one."""
    if entries:
        rows = [(e.event_id, e.event_type, e.viewer, e.payload, e.occurred_at, e.traceparent) for e in entries]
        columns = [list(column) for column in zip(*rows, strict=True)]
        await uow.fetch(_APPEND, *columns, uow.now, CHANNEL)


async def open_feed(uow: UnitOfWork) -> None:
    """Make the one row that an empty feed consists of; doing it again changes nothing."""
    await uow.fetch("insert into feed_extent (single, head, pruned_to) values (true, 0, 0) on conflict do nothing")


async def extent(uow: UnitOfWork) -> Extent:
    """What the feed holds at present. Read it before `read`: entries up to `head` are then all visible."""
    row = (await uow.execute(sa.select(feed_extent))).one()
    return Extent(head=row.head, pruned_to=row.pruned_to)


async def read(uow: UnitOfWork, *, viewer: UUID | None, after: int, upto: int, limit: int, patterns: Sequence[str]) -> list[Entry]:
    """Up to `limit` entries of the viewer in (`after`, `upto`] whose type is wanted."""
    columns = feed_entries.c
    query = (
        sa.select(feed_entries)
        .where(columns.partner_id == viewer, columns.position > after, columns.position <= upto)
        .order_by(columns.position)
        .limit(limit)
    )
    if EVERYTHING not in patterns:
        group = sa.func.split_part(columns.event_type, ".", 1) + ".*"
        query = query.where(sa.or_(columns.event_type.in_(patterns), group.in_(patterns)))
    rows = await uow.execute(query)
    return [
        Entry(row.position, row.event_id, row.event_type, row.partner_id, row.occurred_at, orjson.loads(row.payload)["data"])
        for row in rows
    ]


async def prune(uow: UnitOfWork, *, keep: timedelta, limit: int) -> int:
    """Drop up to `limit` entries older than `keep`, oldest first, and remember how far; deliveries go before. Returns how many went."""
    rows = await uow.fetch(_PRUNE, uow.now - keep, limit)
    return int(rows[0][0])


_PRUNE = """
with old as (select position from feed_entries where appended_at < $1 order by position limit $2),
gone as (delete from feed_entries where position in (select position from old) returning position),
moved as (update feed_extent set pruned_to = (select max(position) from gone) where exists (select 1 from gone))
select count(*) from gone"""
