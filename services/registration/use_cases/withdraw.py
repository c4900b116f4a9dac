"""Withdraw a registration that is open or in review, or all of a partner whose partnership ended."""

from collections.abc import Sequence

from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import PartnerId, State
from services.registration.store import deal_reviews, deals, extensions, partners, slots
from services.registration.store.deal_reviews import DealReviewState, ReviewStep
from services.registration.use_cases.change import Target, load, settle
from services.registration.use_cases.coselling.call_off import end_with_deals
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork

PARTNERSHIP_ENDED = "the partnership ended"


async def withdraw(uow: UnitOfWork, target: Target, *, reason: str, by: str) -> Deal:
    """The account is free from now on. Raises NotOpen and what `load` raises."""
    deal = await load(uow, target)
    withdrawn, fact = life.withdraw(deal, reason=reason, now=uow.now)
    await slots.end(uow, [deal.id], at=uow.now)
    await _out_of_hands(uow, [deal], by=by)
    return await settle(uow, deal, withdrawn, fact)


async def withdraw_all(uow: UnitOfWork, partner_id: PartnerId) -> int:
    """Free everything that a former partner holds, what it is registering at this moment included; returns how many there were."""
    await deals.open_of(uow, partner_id)  # deals are locked before quotas, as everywhere
    await partners.close_quota(uow, partner_id)
    theirs = await deals.open_of(uow, partner_id)
    withdrawn = [life.withdraw(deal, reason=PARTNERSHIP_ENDED, now=uow.now) for deal in theirs]
    await slots.end(uow, [deal.id for deal, _ in withdrawn], at=uow.now)
    await deals.save(uow, *(deal for deal, _ in withdrawn))
    await _out_of_hands(uow, theirs, by=PARTNERSHIP_ENDED)
    publish(uow, withdrawn)
    await end_with_deals(uow, (deal for deal, _ in withdrawn))
    return len(withdrawn)


async def _out_of_hands(uow: UnitOfWork, before: Sequence[Deal], *, by: str) -> None:
    """Nobody has to decide about them any more."""
    await extensions.lapse(uow, [deal.id for deal in before if deal.state is State.OPEN])
    for deal in before:
        if deal.state.is_pending:
            await deal_reviews.move(uow, deal.id, DealReviewState.WITHDRAWN)
            await deal_reviews.note(uow, deal.id, deal.partner_id, ReviewStep.WITHDRAWN, by=by)
