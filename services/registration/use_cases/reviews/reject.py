"""Reject a registration; its account is free at once."""

from services.registration.domain.deals import approval
from services.registration.domain.deals.deal import Deal
from services.registration.store import deal_reviews, slots
from services.registration.store.deal_reviews import DealReviewState, ReviewStep
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def reject(uow: UnitOfWork, target: Target, *, by: str, reason: str) -> Deal:
    """Raises NotInReview and what `load` raises."""
    deal = await load(uow, target)
    rejected, fact = approval.reject(deal, reason=reason, now=uow.now)
    await slots.end(uow, [deal.id], at=uow.now)
    await deal_reviews.move(uow, deal.id, DealReviewState.REJECTED)
    await deal_reviews.note(uow, deal.id, deal.partner_id, ReviewStep.REJECTED, by=by, text=reason)
    return await settle(uow, deal, rejected, fact)
