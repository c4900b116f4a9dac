"""Give a registration in the queue to somebody."""

from uuid import UUID

from services.registration.domain.values import DealId
from services.registration.store import deal_reviews, deals
from services.registration.store.deal_reviews import DealReview, ReviewStep
from shared.chassis.database import UnitOfWork


async def assign(uow: UnitOfWork, deal_id: UUID, *, owner: str, by: str) -> DealReview:
    """Raises NotFound."""
    await deals.one(uow, DealId(deal_id))  # before its review, as everywhere
    await deal_reviews.assign(uow, deal_id, owner)
    review = await deal_reviews.one(uow, deal_id)
    await deal_reviews.note(uow, review.deal_id, review.partner_id, ReviewStep.ASSIGNED, by=by, text=owner)
    return review
