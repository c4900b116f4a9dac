"""Put a registration into the review queue."""

from collections.abc import Sequence

from services.registration.domain.deals.deal import Deal
from services.registration.policy import Policy
from services.registration.store import deal_reviews
from services.registration.store.deal_reviews import ReviewStep
from shared.chassis.database import UnitOfWork


async def queue(uow: UnitOfWork, deal: Deal, *, reasons: Sequence[str], by: str, policy: Policy) -> None:
    """Due in the programme's business days from now; given to whom the programme names."""
    await deal_reviews.enter(
        uow,
        deal.id,
        deal.partner_id,
        reasons=reasons,
        owner=policy.approval.owner,
        due_at=policy.review_limit(uow.now),
        remind_at=policy.remind_at(uow.now),
    )
    step = ReviewStep.SUBMITTED if deal.submissions == 1 else ReviewStep.RESUBMITTED
    await deal_reviews.note(uow, deal.id, deal.partner_id, step, by=by, text=" ".join(reasons))
