"""Change how a person is reached."""

from collections.abc import Callable

from services.partners.domain import contact as rules
from services.partners.domain.contact import Contact, PersonId, Reach
from services.partners.domain.partner import PartnerId
from services.partners.mapping import contact_recorded
from services.partners.store import contacts
from shared.chassis.database import UnitOfWork


async def change_contact(
    uow: UnitOfWork, partner_id: PartnerId, *, person_id: PersonId, reach: Reach, expects: Callable[[int], None]
) -> Contact:
    """`expects` raises if the version found is not the one that the caller means. Raises NotFound."""
    before = await contacts.locked(uow, partner_id, person_id=person_id)
    expects(before.version)
    after = rules.change(before, reach=reach)
    if after != before:
        await contacts.save(uow, after)
        uow.emit(contact_recorded(after, recorded_at=uow.now), sequence=after.version)
    return after
