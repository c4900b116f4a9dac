"""Decline an extension that was asked for: protection ends where it would have ended, or now if that is over."""

from services.registration.domain.deals import exclusivity
from services.registration.domain.deals.deal import Deal
from services.registration.domain.refusals import ExtensionNotAsked
from services.registration.store import extensions, slots
from services.registration.use_cases.change import Target, load, settle
from shared.chassis.database import UnitOfWork


async def decline_extension(uow: UnitOfWork, target: Target, *, by: str, reason: str) -> Deal:
    """Raises ExtensionNotAsked, NotOpen and what `load` raises."""
    deal = await load(uow, target)
    asked = await extensions.pending(uow, deal.id)
    if asked is None:
        raise ExtensionNotAsked
    declined, fact = exclusivity.decline_extension(deal, asked=asked, reason=reason, now=uow.now)
    await extensions.decide(uow, deal.id, granted=False, by=by, reason=reason)
    await slots.end(uow, [deal.id], at=declined.protection.window.end)
    return await settle(uow, deal, declined, fact)
