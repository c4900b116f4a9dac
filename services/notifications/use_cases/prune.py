"""Forget what is older than the programme keeps."""

from services.notifications.policy import Programme
from services.notifications.store import deliveries, feed
from shared.chassis.database import UnitOfWork

_PORTION = 5_000


async def prune(uow: UnitOfWork, *, programme: Programme) -> int:
    """Drop a portion of old deliveries, then of old feed entries, since a delivery reads its payload there. Returns how many went."""
    keep = (await programme.at(uow, uow.now)).keep
    return await deliveries.prune(uow, keep=keep, limit=_PORTION) or await feed.prune(uow, keep=keep, limit=_PORTION)
