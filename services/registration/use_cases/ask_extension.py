"""Ask for an extension: made in time, the request keeps protection until it is decided, or for the days that the programme allows."""

from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.deal import Deal
from services.registration.domain.refusals import EvidenceMissing, ExtensionPending
from services.registration.policy import Policy
from services.registration.store import accounts, extensions, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def ask_extension(uow: UnitOfWork, target: Target, *, evidence: str | None, policy: Policy) -> Deal:
    """Raises EvidenceMissing, ExtensionPending, NotOpen, ProtectionOver, ExtensionsUsed and what `load` raises."""
    deal = await load(uow, target)
    if policy.extension.evidence_required and not evidence:
        raise EvidenceMissing
    await accounts.lock(uow, [deal.scope.account_id])
    regular_end = deal.protection.window.end
    asking, fact = exclusivity.ask_extension(deal, keep=policy.extension.keep, times=policy.extension.times, now=uow.now)
    keeps_until = asking.protection.window.end
    if not await extensions.ask(uow, deal.id, deal.partner_id, evidence=evidence, regular_end=regular_end, keeps_until=keeps_until):
        raise ExtensionPending
    await slots.prolong(uow, deal.id, until=keeps_until, previous=regular_end)
    return await settle(uow, deal, asking, fact)
