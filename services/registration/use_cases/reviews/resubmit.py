"""Submit a returned registration again, corrected."""

from dataclasses import dataclass

from services.registration.domain.deals import approval
from services.registration.domain.deals.approval import Correction
from services.registration.domain.deals.deal import Deal
from services.registration.policy import Policy
from services.registration.store import partners
from services.registration.use_cases.allowed import check_allowed
from services.registration.use_cases.change import Target, load, settle
from services.registration.use_cases.conflicts.arising import breaching_territory, open_breach
from services.registration.use_cases.keep_out import hold_anew, is_free
from services.registration.use_cases.reviews.queue import queue
from shared.chassis.database import UnitOfWork
from shared.chassis.money import Money
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the partner says to what it was asked; what is absent stays as it was."""

    text: str
    evidence: str | None = None
    expected: Money | None = None
    families: tuple[str, ...] | None = None
    territory: str | None = None


async def resubmit(uow: UnitOfWork, target: Target, answer: Answer, *, by: str, policy: Policy) -> Deal:
    """Raises NotReturned, ResubmissionsUsed, AccountTaken, PartnerInactive and what `load` raises; another scope, what registering does."""
    deal = await load(uow, target)
    await partners.check_active(uow, deal.partner_id)
    correction = _correction(deal, answer, policy)
    limit = policy.review_limit(uow.now)
    until = deal.protection.window.end if deal.protection.holds_at(uow.now) else limit
    free = await is_free(uow, correction.scope, until=until, besides=deal.id)
    again, fact = approval.resubmit(deal, correction, most=policy.approval.resubmissions, blocks_until=limit, free=free, now=uow.now)
    if again.scope != deal.scope:
        await _check_scope(uow, again, policy)
    await hold_anew(uow, again)
    await queue(uow, again, reasons=[answer.text], by=by, policy=policy)
    return await settle(uow, deal, again, fact)


def _correction(deal: Deal, answer: Answer, policy: Policy) -> Correction:
    territory = policy.tree.derive(answer.territory, deal.country) if answer.territory else deal.territory
    path = policy.tree.path(territory) if answer.territory else deal.scope.path
    return Correction(
        scope=replace(deal.scope, families=answer.families or deal.scope.families, path=path),
        territory=territory,
        evidence=answer.evidence or deal.evidence,
        expected=answer.expected or deal.expected,
    )


async def _check_scope(uow: UnitOfWork, corrected: Deal, policy: Policy) -> None:
    """What would be asked of a registration of it. Raises ExistingOpportunity, CoolOff, TerritoryNotAllowed."""
    await check_allowed(uow, corrected, policy=policy)
    if await breaching_territory(uow, [corrected], policy=policy):
        await open_breach(uow, corrected, policy=policy)
