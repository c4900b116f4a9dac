"""Erase the contact details of a lead: by the side that gave them, or by the vendor for whom it is the law."""

from uuid import UUID

from services.registration.domain.leads.lead import Lead, Side
from services.registration.domain.leads.refusals import LeadOtherSide
from services.registration.store import leads
from shared.chassis.database import UnitOfWork


async def erase_contact(uow: UnitOfWork, lead_id: UUID, *, by: Side) -> Lead:
    """Idempotent. Raises NotFound, LeadOtherSide."""
    lead = await leads.one(uow, lead_id)
    if by not in (lead.giver, Side.VENDOR):
        raise LeadOtherSide(side="shared")
    await leads.erase_contact(uow, lead.id)
    return lead
