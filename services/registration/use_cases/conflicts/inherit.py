"""A deal goes to another partner while more conflicts about it are open: that one is a side of them from then on, and is told."""

from collections.abc import Iterable
from uuid import UUID

from services.registration.domain.conflicts.conflict import Side, side_id
from services.registration.domain.deals.deal import Deal
from services.registration.mapping.conflicts import opened
from services.registration.store import conflicts
from shared.chassis.database import UnitOfWork


async def inherit(uow: UnitOfWork, conflict_ids: Iterable[UUID], deal: Deal) -> None:
    """`deal` as it is its new partner's; the conflicts are held and open. Its former partner stays a side, with what it did."""
    for conflict_id in conflict_ids:
        conflict = await conflicts.one(uow, conflict_id)
        mine = side_id(conflict_id, deal.partner_id)
        if any(side.id == mine for side in await conflicts.sides_of(uow, conflict_id)):
            continue
        side = Side(id=mine, conflict_id=conflict_id, partner_id=deal.partner_id, deal_ids=(), account_name=deal.account_name)
        await conflicts.add_side(uow, conflict, side)
        uow.emit(opened(side, deal.partner_id, conflict, now=uow.now), sequence=side.version)
