"""Give up a place in line; what was kept for it is free at once."""

from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.values import DealId
from services.registration.store import accounts, slots, waiting
from services.registration.store.waiting import Place, Waiting
from shared.chassis.database import UnitOfWork
from shared.chassis.values import replace


async def leave(uow: UnitOfWork, waiting_id: UUID) -> Waiting:
    """Raises NotFound, and NotOffered if the place is gone already."""
    await accounts.lock(uow, [await waiting.account_of(uow, waiting_id)])
    one = await waiting.locked(uow, waiting_id)
    if one.place not in (Place.WAITING, Place.OFFERED):
        raise no.NotOffered(state=one.place)
    await slots.end(uow, [DealId(one.id)], at=uow.now)
    await waiting.settle(uow, one, Place.LEFT)
    return replace(one, place=Place.LEFT)
