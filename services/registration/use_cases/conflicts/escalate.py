"""Escalate conflicts whose step was not done in time: once for each step, to whom the programme names."""

from services.registration.domain.conflicts.conflict import escalate, told
from services.registration.mapping.conflicts import escalated
from services.registration.policy import Policy
from services.registration.store import conflicts
from shared.chassis.database import UnitOfWork

_PORTION = 100


async def escalate_late(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion of what is late; returns how many were escalated."""
    late = await conflicts.late(uow, limit=_PORTION)
    if not late:
        return 0
    all_sides = await conflicts.sides_of(uow, *(conflict.id for conflict in late))
    for conflict in late:
        taken_over = escalate(conflict, owner=policy.conflicts.escalation_owner, now=uow.now)
        sides = [told(side) for side in all_sides if side.conflict_id == conflict.id]
        await conflicts.save(uow, taken_over, sides)
        for side in sides:
            if side.partner_id is not None:
                uow.emit(escalated(side, side.partner_id, conflict, now=uow.now), sequence=side.version)
    return len(late)
