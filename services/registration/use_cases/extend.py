"""Extend protection that still holds."""

from datetime import timedelta

from services.registration.domain import deal as life
from services.registration.domain.deal import Deal
from services.registration.policy import Policy
from services.registration.store import accounts, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def extend(uow: UnitOfWork, target: Target, *, policy: Policy) -> Deal:
    """Raises NotOpen, ProtectionOver, ExtensionsUsed and what `load` raises."""
    deal = await load(uow, target)
    await accounts.lock(uow, [deal.scope.account_id])
    by = timedelta(days=policy.extension.days)
    extended, fact = life.extend(deal, by=by, times=policy.extension.times, now=uow.now)
    await slots.prolong(uow, deal.id, until=extended.protection.window.end, previous=deal.protection.window.end)
    return await settle(uow, deal, extended, fact)
