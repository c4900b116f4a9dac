"""Remind of reviews that will be late soon, and hand on those that are."""

from services.registration.policy import Policy
from services.registration.store import deal_reviews
from services.registration.store.deal_reviews import ReviewStep
from shared.chassis.database import UnitOfWork
from shared.schemas.reviews import ReviewLate

_PORTION = 200
_TIMER = "timer"


async def chase(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion of each kind; returns how many."""
    soon = await deal_reviews.to_remind(uow, limit=_PORTION)
    late = await deal_reviews.to_escalate(uow, to=policy.approval.escalate_to, limit=_PORTION)
    for step, found in ((ReviewStep.REMINDED, soon), (ReviewStep.ESCALATED, late)):
        for each in found:
            await deal_reviews.note(uow, each.deal_id, each.partner_id, step, by=_TIMER, text=each.owner or "")
            uow.emit(
                ReviewLate(
                    occurred_at=uow.now,
                    recorded_at=uow.now,
                    deal_id=each.deal_id,
                    partner_id=each.partner_id,
                    escalated=step is ReviewStep.ESCALATED,
                    owner=each.owner,
                ),
                sequence=await deal_reviews.steps_noted(uow, each.deal_id),
            )
    return len(soon) + len(late)
