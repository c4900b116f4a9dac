"""Leads in the store: read under their locks where they are changed; contact details in rows of their own, which can go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.leads.lead import Direction, Lead, LeadId, LeadState, Prospect
from services.registration.domain.values import PartnerId
from services.registration.store.tables.leads import lead_contacts, leads
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.money import Money

# What somebody works on at this moment comes next time.
_DUE = """
select * from leads where (state = 'shared' and answer_by <= $1) or (state = 'shared' and not reminded and remind_at <= $1)
or (state = 'accepted' and not overdue and convert_by <= $1) order by id limit $2 for update skip locked"""

_OPEN_OF = "select * from leads where partner_id = $1 and state in ('shared', 'accepted') order by id for update"


@dataclass(frozen=True, slots=True)
class LeadContact:
    """The person to speak to. Never in an event, a log or an error."""

    name: str
    email: str | None
    phone: str | None

    def __repr__(self) -> str:
        return "LeadContact(…)"


async def add(uow: UnitOfWork, lead: Lead, contact: LeadContact | None) -> None:
    """Enter a new lead."""
    await uow.execute(sa.insert(leads).values(_row(lead)))
    if contact:
        row = {"lead_id": lead.id, "partner_id": lead.partner_id, "name": contact.name, "email": contact.email, "phone": contact.phone}
        await uow.execute(sa.insert(lead_contacts).values(row))


async def one(uow: UnitOfWork, lead_id: UUID) -> Lead:
    """The lead, locked until the transaction ends. Raises NotFound."""
    return await _found(uow, sa.select(leads).where(leads.c.id == lead_id).with_for_update())


async def seen(uow: UnitOfWork, lead_id: UUID) -> Lead:
    """The lead, not locked. Raises NotFound."""
    return await _found(uow, sa.select(leads).where(leads.c.id == lead_id))


async def _found(uow: UnitOfWork, query: sa.Executable) -> Lead:
    row = (await uow.execute(query)).first()
    if row is None:
        raise NotFound(what="lead")
    return _read(row)


async def listed(
    uow: UnitOfWork, *, state: LeadState | None, direction: Direction | None, partner_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[Lead]:
    """At most `limit` leads after `after`, oldest first."""
    query = sa.select(leads).order_by(leads.c.id).limit(limit)
    for column, value in ((leads.c.state, state), (leads.c.direction, direction), (leads.c.partner_id, partner_id)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(leads.c.id > after)
    return [_read(row) for row in (await uow.execute(query)).all()]


async def due(uow: UnitOfWork, *, limit: int) -> list[Lead]:
    """Leads of which the service level asks something now, locked."""
    return [_read(row) for row in await uow.fetch(_DUE, uow.now, limit)]


async def open_of(uow: UnitOfWork, partner_id: PartnerId) -> list[Lead]:
    """The partner's leads that are shared or accepted, in both directions, locked."""
    return [_read(row) for row in await uow.fetch(_OPEN_OF, partner_id)]


async def save(uow: UnitOfWork, lead: Lead) -> None:
    """Write a lead that was read under its lock."""
    await uow.execute(sa.update(leads).where(leads.c.id == lead.id).values(_row(lead)))


async def contact_of(uow: UnitOfWork, lead_id: LeadId) -> LeadContact | None:
    """The contact details, if any were given and they were not erased. Whoever asks decides first who may see them."""
    row = (await uow.execute(sa.select(lead_contacts).where(lead_contacts.c.lead_id == lead_id))).first()
    return LeadContact(row.name, row.email, row.phone) if row else None


async def erase_contact(uow: UnitOfWork, lead_id: LeadId) -> None:
    """Forget the person; the lead stays."""
    await uow.execute(sa.delete(lead_contacts).where(lead_contacts.c.lead_id == lead_id))


def _row(lead: Lead) -> dict[str, Any]:
    told = lead.prospect
    return {
        "id": lead.id,
        "partner_id": lead.partner_id,
        "direction": lead.direction.value,
        "state": lead.state.value,
        "version": lead.version,
        "name": told.name,
        "domain": told.domain,
        "country": told.country,
        "families": list(told.families),
        "territory": told.territory,
        "expected_minor": told.expected.minor if told.expected else None,
        "expected_currency": told.expected.currency if told.expected else None,
        "summary": told.summary,
        "source": told.source,
        "shared_at": lead.shared_at,
        "remind_at": lead.remind_at,
        "answer_by": lead.answer_by,
        "answered_at": lead.answered_at,
        "convert_by": lead.convert_by,
        "reminded": lead.reminded,
        "overdue": lead.overdue,
        "reason": lead.reason,
        "deal_id": lead.deal_id,
    }


def _read(row: Row) -> Lead:
    prospect = Prospect(
        name=row.name,
        domain=row.domain,
        country=row.country,
        families=tuple(row.families),
        territory=row.territory,
        expected=Money(row.expected_minor, row.expected_currency) if row.expected_currency else None,
        summary=row.summary,
        source=row.source,
    )
    return Lead(
        id=LeadId(row.id),
        partner_id=PartnerId(row.partner_id),
        direction=Direction(row.direction),
        prospect=prospect,
        shared_at=row.shared_at,
        remind_at=row.remind_at,
        answer_by=row.answer_by,
        state=LeadState(row.state),
        version=row.version,
        reminded=row.reminded,
        answered_at=row.answered_at,
        convert_by=row.convert_by,
        overdue=row.overdue,
        reason=row.reason,
        deal_id=row.deal_id,
    )
