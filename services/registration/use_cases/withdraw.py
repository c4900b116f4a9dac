"""Withdraw an open registration, or all of a partner whose partnership ended."""

from services.registration.domain import deal as life
from services.registration.domain.deal import Deal
from services.registration.domain.values import PartnerId
from services.registration.store import deals, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork

PARTNERSHIP_ENDED = "the partnership ended"


async def withdraw(uow: UnitOfWork, target: Target, *, reason: str) -> Deal:
    """The account is free from now on. Raises NotOpen and what `load` raises."""
    return await _withdraw(uow, await load(uow, target), reason=reason)


async def withdraw_all(uow: UnitOfWork, partner_id: PartnerId) -> int:
    """Free everything that a former partner holds; returns how many registrations that were."""
    open_deals = await deals.open_of(uow, partner_id)
    for deal in open_deals:
        await _withdraw(uow, deal, reason=PARTNERSHIP_ENDED)
    return len(open_deals)


async def _withdraw(uow: UnitOfWork, deal: Deal, *, reason: str) -> Deal:
    withdrawn, fact = life.withdraw(deal, reason=reason, now=uow.now)
    await slots.end(uow, [deal.id], at=uow.now)
    return await settle(uow, deal, withdrawn, fact)
