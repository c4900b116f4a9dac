"""Announce protections that ran out: exclusivity ends, the deals do not."""

from services.registration.domain import deal as life
from services.registration.store import deals
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork

_PORTION = 500


async def expire_due(uow: UnitOfWork) -> int:
    """One portion of what is due; returns how many. The slots need no change: a window that is over meets nobody."""
    expired = [life.expire(deal) for deal in await deals.due(uow, limit=_PORTION)]
    await deals.save(uow, *(deal for deal, _ in expired))
    publish(uow, expired)
    return len(expired)
