"""Mark disputes whose answer or decision did not come in time, for whoever looks after them."""

from services.commission.store import disputes
from shared.chassis.database import UnitOfWork

PORTION = 500


async def mark_overdue(uow: UnitOfWork) -> int:
    """The timer's use case: one portion of what is late; returns how many were marked."""
    return await disputes.mark_overdue(uow, limit=PORTION)
