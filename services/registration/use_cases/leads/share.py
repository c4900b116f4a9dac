"""Share a lead: the vendor with a partner, or a partner with the vendor."""

from services.registration.domain.accounts.identifiers import name_identifiers
from services.registration.domain.leads import lead as life
from services.registration.domain.leads.lead import Direction, Lead, LeadId, Prospect
from services.registration.domain.values import PartnerId
from services.registration.mapping.leads import event_of
from services.registration.policy import Policy
from services.registration.store import leads, partners
from services.registration.store.leads import LeadContact
from services.registration.use_cases.hear_of_partner import partner_name
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def share(
    uow: UnitOfWork, partner_id: PartnerId, prospect: Prospect, *, direction: Direction, contact: LeadContact | None, policy: Policy
) -> Lead:
    """Raises AccountNameMissing, PartnerUnknown, PartnerInactive."""
    name_identifiers(prospect.name, prospect.country)  # what names nobody could never be registered, however far the lead comes
    await uow.lock(partner_name(partner_id))  # else it could leave meanwhile, and the lead would stay with it
    await partners.check_active(uow, partner_id)
    level = policy.lead_level
    lead, fact = life.share(LeadId(new_id()), partner_id=partner_id, direction=direction, prospect=prospect, level=level, now=uow.now)
    await leads.add(uow, lead, contact)
    uow.emit(event_of(lead, fact, now=uow.now), sequence=lead.version)
    return lead
