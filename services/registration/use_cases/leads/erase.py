"""Erase the contact details of a lead: by the side that gave them, or by the vendor for whom it is the law."""

from services.registration.domain.leads.lead import Lead, Side
from services.registration.domain.leads.refusals import LeadOtherSide
from services.registration.store import leads
from services.registration.use_cases.leads.answer import OneLead, load
from shared.chassis.database import UnitOfWork


async def erase_contact(uow: UnitOfWork, one: OneLead, *, by: Side) -> Lead:
    """Idempotent. Raises LeadOtherSide and what `load` raises."""
    lead = await load(uow, one)
    if by not in (lead.giver, Side.VENDOR):
        raise LeadOtherSide(side="shared")
    await leads.erase_contact(uow, lead.id)
    return lead
