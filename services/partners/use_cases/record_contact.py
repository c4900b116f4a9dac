"""Record a person at a partner."""

from services.partners.domain.contact import Contact, PersonId, Reach
from services.partners.domain.partner import PartnerId
from services.partners.mapping import contact_recorded
from services.partners.store import contacts, partners
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def record_contact(uow: UnitOfWork, partner_id: PartnerId, *, reach: Reach) -> Contact:
    """Raises NotFound."""
    partner = await partners.get(uow, partner_id)
    contact = Contact(PersonId(new_id()), partner.id, reach)
    await contacts.add(uow, contact)
    uow.emit(contact_recorded(contact, recorded_at=uow.now), sequence=contact.version)
    return contact
