"""The conflicts over deals as they were told, and the mark on entries that they hold."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.commission.domain.conflict_hold import Contested, Heard, by_deal, contested_entries
from services.commission.store.loading import Opened
from shared.chassis.database import UnitOfWork

# The decision is the last word: it stands whatever is heard after it.
_HEAR = """
insert into deal_conflicts (deal_id, conflict_id, partner_id, heard_at, decided_at)
select d, c, p, $5, case when x then $5::timestamptz end
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::boolean[]) as r(d, c, p, x) order by 1, 2
on conflict (deal_id, conflict_id) do update set decided_at = coalesce(deal_conflicts.decided_at, excluded.decided_at)"""
_OPEN = "select deal_id, conflict_id from deal_conflicts where deal_id = any($1::uuid[]) and decided_at is null order by 1, 2"
_MARK = """
update entries set contested_at = case when id = any($2::uuid[]) then coalesce(contested_at, $3) end where id = any($1::uuid[])"""
_KEPT = "select entry_id, held_minor from disputes where deal_id = any($1::uuid[]) and decided_at is null and hold = 'amount'"


async def hear(uow: UnitOfWork, several: Iterable[Heard]) -> None:
    """Keep what was told. Under the locks of the deals' partners."""
    known: dict[tuple[UUID, UUID], Heard] = {}
    for each in several:  # a row once: a statement may not change it twice
        key = each.deal_id, each.conflict_id
        if each.decided or key not in known:
            known[key] = each
    rows = [(each.deal_id, each.conflict_id, each.partner_id, each.decided) for each in known.values()]
    if rows:
        await uow.fetch(_HEAR, *map(list, zip(*rows, strict=True)), uow.now)


async def still_open(uow: UnitOfWork, deal_ids: Iterable[UUID]) -> Contested:
    """The conflicts that are open over these deals."""
    return by_deal((row[0], row[1]) for row in await uow.fetch(_OPEN, list(deal_ids)))


async def kept_by_disputes(uow: UnitOfWork, deal_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What disputes keep back of entries of these deals, in minor units by entry."""
    return {row[0]: row[1] for row in await uow.fetch(_KEPT, list(deal_ids))}


async def mark_entries(uow: UnitOfWork, work: Opened) -> None:
    """Mark the entries that conflicts hold now, and no longer those that they held before."""
    before, after = contested_entries(work.before.values()), contested_entries(work.book.deals.values())
    if changed := before ^ after:
        await uow.fetch(_MARK, sorted(changed), sorted(after), uow.now)
