"""Give up a place in line; what was kept for it is free at once."""

from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.deals.line import Place, Waiting
from services.registration.use_cases.waiting.end import end_places
from services.registration.use_cases.waiting.hold import hold
from shared.chassis.database import UnitOfWork
from shared.chassis.values import replace
from shared.schemas.waiting import WaitingEnd


async def leave(uow: UnitOfWork, waiting_id: UUID) -> Waiting:
    """Raises NotFound, and NotOffered if the place is gone already."""
    one = await hold(uow, waiting_id)
    if one.place not in (Place.WAITING, Place.OFFERED):
        raise no.NotOffered(state=one.place)
    await end_places(uow, [one], WaitingEnd.LEFT)
    return replace(one, place=Place.LEFT)
