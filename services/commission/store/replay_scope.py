"""Whose facts a replay takes in: positions are figured from all facts of all partners who ever shared a deal."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

import asyncpg

_NEIGHBOURS = """
with mine as materialized (select lead, body from public.journal where partner_id = any($1::uuid[]))
select (body ->> 'partner_id')::uuid from mine where not lead
union
select (credit ->> 'partner_id')::uuid from mine, jsonb_array_elements(body -> 'terms' -> 'credits') credit
where body ? 'terms'
union
select case when d.partner_id = any($1::uuid[]) then c.partner_id else d.partner_id end
from public.deal_conflicts c join public.deals d using (deal_id)
where c.partner_id <> d.partner_id and (c.partner_id = any($1::uuid[]) or d.partner_id = any($1::uuid[]))"""
_SLICE = "select partner_id from public.streams where mod(uuid_hash(partner_id)::bigint + 2147483648, $2) = $1"
_KEEP = "insert into scope (partner_id, compared) select * from unnest($1::uuid[], $2::boolean[])"
_SCOPE = "select partner_id from scope"
_EVERYBODY = "select partner_id, posted from public.streams"
# A deal is one partner's after the other's only by the decision of a conflict, so that conflicts tell who had it before.
_SHARED = """
select distinct (body ->> 'partner_id')::uuid, partner_id from public.journal where not lead and partner_id is not null and seq <= $1
union
select c.partner_id, d.partner_id
from public.deal_conflicts c join public.deals d using (deal_id) where c.partner_id <> d.partner_id"""
_POSTED = "select partner_id, posted from public.streams where partner_id = any($1::uuid[])"
_SHARDS = "insert into shards (partner_id, shard) select * from unnest($1::uuid[], $2::int[])"


async def slice_of(connection: asyncpg.Connection, number: int, slices: int) -> set[UUID]:
    """One of `slices` parts of all partners, numbered from 0."""
    return {row[0] for row in await connection.fetch(_SLICE, number, slices)}


async def everybody(connection: asyncpg.Connection) -> set[UUID]:
    """Every partner with a journal, and the programme."""
    return {row[0] for row in await connection.fetch(_EVERYBODY)}


async def closure(connection: asyncpg.Connection, partners: set[UUID]) -> set[UUID]:
    """The partners, whoever shared a deal with one of them, whoever shared one with those, and so on."""
    found, fresh = set(partners), partners
    while fresh:
        fresh = {row[0] for row in await connection.fetch(_NEIGHBOURS, list(fresh))} - found
        found |= fresh
    return found


async def keep(connection: asyncpg.Connection, scope: set[UUID], *, compared: set[UUID]) -> None:
    """Write the scope down: all are replayed, `compared` of them are looked at."""
    partners = sorted(scope)
    await connection.execute(_KEEP, partners, [partner in compared for partner in partners])


async def kept(connection: asyncpg.Connection) -> set[UUID]:
    """The scope as it was written down."""
    return {row[0] for row in await connection.fetch(_SCOPE)}


async def divide(connection: asyncpg.Connection, *, ceiling: int, jobs: int) -> None:
    """Give partners who shared deals to one shard, the largest group first to the emptiest; the others go by their hash."""
    groups = _groups((row[0], row[1]) for row in await connection.fetch(_SHARED, ceiling))
    members = [partner for group in groups for partner in group]
    posted = {row[0]: int(row[1]) for row in await connection.fetch(_POSTED, members)}
    weighed = sorted(((sum(posted.get(partner, 0) for partner in group), sorted(group)) for group in groups), reverse=True)
    load, rows = [0] * jobs, []
    for weight, group in weighed:
        emptiest = load.index(min(load))
        load[emptiest] += weight
        rows += [(partner, emptiest) for partner in group]
    if rows:
        await connection.execute(_SHARDS, *zip(*rows, strict=True))


async def grouped(connection: asyncpg.Connection, *, at_least: int) -> list[list[UUID]]:
    """All partners in lists of at least so many facts, if there are as many; those who ever shared a deal stand together."""
    groups = _groups((row[0], row[1]) for row in await connection.fetch(_SHARED, 1 << 62))
    posted = {row[0]: int(row[1]) for row in await connection.fetch(_EVERYBODY)}
    alone = posted.keys() - {partner for group in groups for partner in group}
    lists: list[list[UUID]] = []
    filled = at_least
    for group in (*groups, *({partner} for partner in sorted(alone))):
        if filled >= at_least:
            lists.append([])
            filled = 0
        lists[-1] += sorted(group)
        filled += sum(posted.get(partner, 0) for partner in group)
    return lists


def _groups(pairs: Iterable[tuple[UUID, UUID]]) -> list[set[UUID]]:
    """Connected sets of partners (union-find by merging the smaller into the larger)."""
    group_of: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        first, second = group_of.setdefault(one, {one}), group_of.setdefault(other, {other})
        if first is not second:
            small, large = sorted((first, second), key=len)
            large |= small
            group_of.update(dict.fromkeys(small, large))
    unique: defaultdict[int, set[UUID]] = defaultdict(set)
    for group in group_of.values():
        unique[id(group)] = group
    return list(unique.values())
