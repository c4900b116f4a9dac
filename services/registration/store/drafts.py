"""Drafts: registrations that a partner prepares; the only thing here that may be deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.values import PartnerId
from services.registration.store.tables.reviews import drafts
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.ids import new_id

_ADD = "insert into drafts (id, partner_id, body, version, changed_at) values ($1, $2, $3::text::jsonb, 1, $4)"
_CHANGE = "update drafts set body = $2::text::jsonb, version = version + 1, changed_at = $3 where id = $1"
_LOCKED = "select * from drafts where id = $1 for update"
_DELETE = "delete from drafts where id = $1 returning 1"
_DELETE_ALL = "delete from drafts where partner_id = $1"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is prepared so far, as it was given."""

    id: UUID
    partner_id: PartnerId
    body: dict[str, Any]
    version: int
    changed_at: datetime


async def add(uow: UnitOfWork, partner_id: PartnerId, body: dict[str, Any]) -> Draft:
    """Keep a new draft."""
    draft = Draft(new_id(), partner_id, body, 1, uow.now)
    await uow.fetch(_ADD, draft.id, partner_id, orjson.dumps(body).decode(), uow.now)
    return draft


async def locked(uow: UnitOfWork, draft_id: UUID) -> Draft:
    """Raises NotFound."""
    found = await uow.fetch(_LOCKED, draft_id)
    if not found:
        raise NotFound(what="draft")
    return _draft(found[0])


async def change(uow: UnitOfWork, draft: Draft, body: dict[str, Any]) -> Draft:
    """Replace what is prepared of a locked draft."""
    await uow.fetch(_CHANGE, draft.id, orjson.dumps(body).decode(), uow.now)
    return Draft(draft.id, draft.partner_id, body, draft.version + 1, uow.now)


async def delete(uow: UnitOfWork, draft_id: UUID) -> None:
    """Raises NotFound."""
    if not await uow.fetch(_DELETE, draft_id):
        raise NotFound(what="draft")


async def delete_all(uow: UnitOfWork, partner_id: PartnerId) -> None:
    """The partner will submit nothing any more."""
    await uow.fetch(_DELETE_ALL, partner_id)


async def one(uow: UnitOfWork, draft_id: UUID) -> Draft:
    """Raises NotFound."""
    found = (await uow.execute(sa.select(drafts).where(drafts.c.id == draft_id))).first()
    if found is None:
        raise NotFound(what="draft")
    return _draft(found)


async def listed(uow: UnitOfWork, *, partner_id: UUID | None, after: UUID | None, limit: int) -> list[Draft]:
    """At most `limit` drafts after `after`."""
    query = sa.select(drafts).order_by(drafts.c.id).limit(limit)
    if partner_id is not None:
        query = query.where(drafts.c.partner_id == partner_id)
    if after is not None:
        query = query.where(drafts.c.id > after)
    return [_draft(row) for row in (await uow.execute(query)).all()]


def _draft(row: Row) -> Draft:
    body = orjson.loads(row.body) if isinstance(row.body, str) else row.body
    return Draft(row.id, PartnerId(row.partner_id), body, row.version, row.changed_at)
