"""Send a registration back to its partner with a question."""

from services.registration.domain.deals import approval
from services.registration.domain.deals.deal import Deal
from services.registration.store import deal_reviews
from services.registration.store.deal_reviews import DealReviewState, ReviewStep
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def send_back(uow: UnitOfWork, target: Target, *, by: str, asked: str) -> Deal:
    """It keeps rivals out as long as it would have anyway. Raises NotInReview and what `load` raises."""
    deal = await load(uow, target)
    returned, fact = approval.send_back(deal, asked=asked, now=uow.now)
    await deal_reviews.move(uow, deal.id, DealReviewState.RETURNED, asked=asked)
    await deal_reviews.note(uow, deal.id, deal.partner_id, ReviewStep.RETURNED, by=by, text=asked)
    return await settle(uow, deal, returned, fact)
