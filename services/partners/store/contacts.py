"""Contacts in the store: rows in, domain values out."""

import sqlalchemy as sa

from services.partners.domain.contact import Contact, PersonId, Reach
from services.partners.domain.partner import PartnerId
from services.partners.store.tables import contacts
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound


async def add(uow: UnitOfWork, contact: Contact) -> None:
    """Insert a new contact."""
    await uow.execute(contacts.insert().values(person_id=contact.person_id, partner_id=contact.partner_id, **_columns(contact)))


async def locked(uow: UnitOfWork, partner_id: PartnerId, *, person_id: PersonId) -> Contact:
    """The contact, held against other writers until the transaction ends. Raises NotFound."""
    query = sa.select(contacts).where(contacts.c.person_id == person_id, contacts.c.partner_id == partner_id).with_for_update()
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        raise NotFound(what="contact")
    return _contact(row)


async def save(uow: UnitOfWork, contact: Contact) -> None:
    """Write a contact that this transaction holds locked."""
    await uow.execute(contacts.update().where(contacts.c.person_id == contact.person_id).values(**_columns(contact)))


async def remove(uow: UnitOfWork, contact: Contact) -> None:
    """Delete the row: nothing of the person stays in this store."""
    await uow.execute(contacts.delete().where(contacts.c.person_id == contact.person_id))


async def page(uow: UnitOfWork, partner_id: PartnerId, *, after: PersonId | None, limit: int) -> list[Contact]:
    """Up to `limit` contacts of the partner after `after`, in the order in which they were recorded."""
    query = sa.select(contacts).where(contacts.c.partner_id == partner_id).order_by(contacts.c.person_id).limit(limit)
    if after:
        query = query.where(contacts.c.person_id > after)
    return [_contact(row) for row in await uow.execute(query)]


def _columns(contact: Contact) -> dict[str, object]:
    return {"name": contact.reach.name, "email": contact.reach.email, "role": contact.reach.role, "version": contact.version}


def _contact(row: Row) -> Contact:
    return Contact(
        person_id=PersonId(row.person_id),
        partner_id=PartnerId(row.partner_id),
        reach=Reach(row.name, row.email, row.role),
        version=row.version,
    )
