"""Hold leads to their service level: remind once, age what nobody answered, mark what was not converted in time."""

from services.registration.domain.leads import lead as life
from services.registration.store import leads
from services.registration.use_cases.leads.answer import settle
from shared.chassis.database import UnitOfWork

_PORTION = 200


async def watch_leads(uow: UnitOfWork) -> int:
    """One portion of what is due; returns how many."""
    found = await leads.due(uow, limit=_PORTION)
    for lead in found:
        if step := life.due(lead, now=uow.now):
            await settle(uow, step)
    return len(found)
