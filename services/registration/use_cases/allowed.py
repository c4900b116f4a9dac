"""What keeps a partner from an account that no rival holds: the vendor's own claims on it, and having had it itself lately."""

from services.registration.domain import refusals as no
from services.registration.domain.deals import claims as vendor
from services.registration.domain.deals.deal import Deal
from services.registration.policy import Policy
from services.registration.store import claims, deals
from shared.chassis.database import UnitOfWork


async def check_allowed(uow: UnitOfWork, deal: Deal, *, policy: Policy) -> None:
    """Asked wherever a deal comes to a scope that it did not hold: registered, accepted, corrected. Raises ExistingOpportunity, CoolOff."""
    await check_not_kept(uow, deal, policy=policy)
    await check_cool_off(uow, deal, policy=policy)


async def check_not_kept(uow: UnitOfWork, deal: Deal, *, policy: Policy) -> None:
    """Raises ExistingOpportunity if the vendor works the account itself, or keeps it for itself or another partner."""
    kept = await claims.on(uow, [deal.scope.account_id])
    if vendor.against(kept, deal.scope, deal.partner_id, now=uow.now, active_within=policy.active_within):
        raise no.ExistingOpportunity


async def check_cool_off(uow: UnitOfWork, deal: Deal, *, policy: Policy) -> None:
    """Raises CoolOff if an earlier registration of the same by the same partner ended too short a time ago; a win is no such end."""
    if policy.cool_off_days and await deals.ended_within(uow, deal, since=uow.now - policy.cool_off):
        raise no.CoolOff(days=policy.cool_off_days)
