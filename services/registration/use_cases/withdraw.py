"""Withdraw an open registration, or all of a partner whose partnership ended."""

from services.registration.domain import deal as life
from services.registration.domain.deal import Deal
from services.registration.domain.values import PartnerId
from services.registration.store import deals, partners, slots
from services.registration.use_cases.change import Target, load, settle
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork

PARTNERSHIP_ENDED = "the partnership ended"


async def withdraw(uow: UnitOfWork, target: Target, *, reason: str) -> Deal:
    """The account is free from now on. Raises NotOpen and what `load` raises."""
    deal = await load(uow, target)
    withdrawn, fact = life.withdraw(deal, reason=reason, now=uow.now)
    await slots.end(uow, [deal.id], at=uow.now)
    return await settle(uow, deal, withdrawn, fact)


async def withdraw_all(uow: UnitOfWork, partner_id: PartnerId) -> int:
    """Free everything that a former partner holds, what it is registering at this moment included; returns how many there were."""
    await deals.open_of(uow, partner_id)  # deals are locked before quotas, as everywhere
    await partners.close_quota(uow, partner_id)
    withdrawn = [life.withdraw(deal, reason=PARTNERSHIP_ENDED, now=uow.now) for deal in await deals.open_of(uow, partner_id)]
    await slots.end(uow, [deal.id for deal, _ in withdrawn], at=uow.now)
    await deals.save(uow, *(deal for deal, _ in withdrawn))
    publish(uow, withdrawn)
    return len(withdrawn)
