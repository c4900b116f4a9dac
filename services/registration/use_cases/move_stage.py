"""Note what the partner says of its sale; where the programme says so, an advance renews protection."""

from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.deal import Deal
from services.registration.policy import Policy
from services.registration.store import accounts, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def move_stage(uow: UnitOfWork, target: Target, *, stage: str, policy: Policy) -> Deal:
    """Raises NotOpen, StageUnknown and what `load` raises."""
    deal = await load(uow, target)
    moved, fact = exclusivity.move_stage(deal, stage=stage, stages=policy.stages, renew=policy.renewal, now=uow.now)
    if fact.renewed:
        await accounts.lock(uow, [deal.scope.account_id])
        await slots.prolong(uow, deal.id, until=moved.protection.window.end, previous=deal.protection.window.end)
    return await settle(uow, deal, moved, fact)
