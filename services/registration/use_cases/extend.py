"""Extend protection that still holds, asked for or not."""

from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.deal import Deal
from services.registration.policy import Policy
from services.registration.store import accounts, extensions, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def extend(uow: UnitOfWork, target: Target, *, by: str, policy: Policy) -> Deal:
    """Raises NotOpen, ProtectionOver, ExtensionsUsed and what `load` raises."""
    deal = await load(uow, target)
    await accounts.lock(uow, [deal.scope.account_id])
    asked = await extensions.pending(uow, deal.id)
    extended, fact = exclusivity.extend(deal, by=policy.extension.by, times=policy.extension.times, now=uow.now, asked=asked)
    await extensions.decide(uow, deal.id, granted=True, by=by)
    await slots.prolong(uow, deal.id, until=extended.protection.window.end, previous=deal.protection.window.end)
    return await settle(uow, deal, extended, fact)
