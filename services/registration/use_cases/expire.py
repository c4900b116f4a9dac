"""Protections that end by themselves: announced before, taken away in silence, run out. The deals live on."""

from services.registration.domain.deals import exclusivity
from services.registration.policy import Policy
from services.registration.store import deals, extensions, slots
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork

_PORTION = 500


async def expire_due(uow: UnitOfWork) -> int:
    """One portion of what is due; returns how many. The slots need no change: a window that is over meets nobody."""
    expired = [exclusivity.expire(deal) for deal in await deals.due(uow, limit=_PORTION)]
    await deals.save(uow, *(deal for deal, _ in expired))
    await extensions.lapse(uow, [deal.id for deal, _ in expired])
    publish(uow, expired)
    return len(expired)


async def lapse_silent(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion of what nobody was heard of for as long as the programme allows; returns how many.

    It is held against registrations that only keep others out.
    """
    quiet = policy.quiet.after
    if quiet is None:
        return 0
    silent = await deals.silent(uow, since=uow.now - quiet, limit=_PORTION)
    lapsed = [exclusivity.lapse(deal, now=uow.now) for deal in silent]
    await slots.end(uow, [deal.id for deal, _ in lapsed], at=uow.now)
    await deals.save(uow, *(deal for deal, _ in lapsed))
    await extensions.lapse(uow, [deal.id for deal, _ in lapsed])
    publish(uow, lapsed)
    return len(lapsed)


async def warn_of_end(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion of what ends soon, announced once for each window; returns how many."""
    quiet, ahead = policy.quiet.after, policy.announced_before
    if not ahead:
        return 0
    silent_since = uow.now + ahead - quiet if quiet else None
    ending = await deals.ending(uow, before=uow.now + ahead, silent_since=silent_since, limit=_PORTION)
    warned = [exclusivity.warn(deal, quiet=quiet, now=uow.now) for deal in ending]
    await deals.save(uow, *(deal for deal, _ in warned))
    publish(uow, warned)
    return len(warned)
