"""Remind of reviews that will be late soon, and hand on those that are."""

from services.registration.policy import Policy
from services.registration.store import deal_reviews
from services.registration.store.deal_reviews import Step
from shared.chassis.database import UnitOfWork
from shared.chassis.policies import Policies
from shared.schemas.reviews import ReviewLate

_PORTION = 200
_TIMER = "timer"


class Chase:
    """The queue's timer."""

    def __init__(self, policies: Policies[Policy]) -> None:
        self._policies = policies

    async def __call__(self, uow: UnitOfWork) -> int:
        """One portion of each kind; returns how many."""
        _, policy = await self._policies.at(uow, uow.now)
        soon = await deal_reviews.to_remind(uow, limit=_PORTION)
        late = await deal_reviews.to_escalate(uow, to=policy.approval.escalate_to, limit=_PORTION)
        for step, found in ((Step.REMINDED, soon), (Step.ESCALATED, late)):
            for each in found:
                await deal_reviews.note(uow, each.deal_id, each.partner_id, step, by=_TIMER, text=each.owner or "")
                uow.emit(
                    ReviewLate(
                        occurred_at=uow.now,
                        recorded_at=uow.now,
                        deal_id=each.deal_id,
                        partner_id=each.partner_id,
                        escalated=step is Step.ESCALATED,
                        owner=each.owner,
                    ),
                    sequence=2 if step is Step.ESCALATED else 1,
                )
        return len(soon) + len(late)
