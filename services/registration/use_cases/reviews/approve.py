"""Approve a registration: it is protected from its receipt, or from now, as the programme says."""

from services.registration.domain.deals import approval
from services.registration.domain.deals.deal import Deal
from services.registration.policy import Policy
from services.registration.store import deal_reviews
from services.registration.store.deal_reviews import DealReviewState, ReviewStep
from services.registration.use_cases.change import Target, load, settle
from services.registration.use_cases.keep_out import hold_anew, is_free
from shared.chassis.database import UnitOfWork


async def approve(uow: UnitOfWork, target: Target, *, by: str, note: str, policy: Policy) -> Deal:
    """Raises NotInReview, TakenMeanwhile and what `load` raises."""
    deal = await load(uow, target)
    start = uow.now if policy.protection_starts == "approval" else deal.registered_at
    until = start + policy.protection
    free = await is_free(uow, deal.scope, until=until, besides=deal.id)
    approved, fact = approval.approve(deal, until=until, free=free, now=uow.now)
    await hold_anew(uow, approved)
    await deal_reviews.move(uow, deal.id, DealReviewState.APPROVED)
    await deal_reviews.note(uow, deal.id, deal.partner_id, ReviewStep.APPROVED, by=by, text=note)
    return await settle(uow, deal, approved, fact)
