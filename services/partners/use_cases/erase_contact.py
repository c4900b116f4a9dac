"""Erase a person, here and on the topic."""

from services.partners.domain.contact import PersonId
from services.partners.domain.partner import PartnerId
from services.partners.store import contacts
from shared.chassis.database import UnitOfWork
from shared.schemas.partners import ContactRecorded


async def erase_contact(uow: UnitOfWork, partner_id: PartnerId, *, person_id: PersonId) -> None:
    """The row goes, and a tombstone makes the compacted topic forget the person as well. Raises NotFound."""
    contact = await contacts.locked(uow, partner_id, person_id=person_id)
    await contacts.remove(uow, contact)
    uow.erase(ContactRecorded, str(contact.person_id))
