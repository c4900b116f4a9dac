"""Endpoints as rows. The API's role sees its own partner's alone: row-level security holds that, not these queries."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.notifications.domain.endpoints import Cause, Endpoint, EndpointId, EndpointState, Wish
from services.notifications.store.tables import endpoints
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound


async def load(uow: UnitOfWork, endpoint_id: UUID, *, lock: bool = False) -> Endpoint:
    """One endpoint, its row locked if it is to be changed. Raises NotFound, also when it is another partner's."""
    query = sa.select(endpoints).where(endpoints.c.id == endpoint_id)
    row = (await uow.execute(query.with_for_update(key_share=True) if lock else query)).one_or_none()
    if row is None:
        raise NotFound(what="webhook endpoint")
    return _endpoint(row)


async def count(uow: UnitOfWork, *, partner_id: UUID | None) -> int:
    """How many endpoints the partner (None: the vendor) has."""
    found = await uow.execute(sa.select(sa.func.count()).where(endpoints.c.partner_id == partner_id))
    return int(found.scalar_one())


async def page(uow: UnitOfWork, *, after: int, limit: int, partner_id: UUID | None = None) -> Sequence[tuple[int, Endpoint]]:
    """Up to `limit` endpoints in order of their making, each with its page number, after the one numbered `after`."""
    query = sa.select(endpoints).where(endpoints.c.number > after).order_by(endpoints.c.number).limit(limit)
    if partner_id is not None:
        query = query.where(endpoints.c.partner_id == partner_id)
    return [(row.number, _endpoint(row)) for row in await uow.execute(query)]


async def add(uow: UnitOfWork, endpoint: Endpoint) -> None:
    """Insert a new endpoint."""
    await uow.execute(
        sa.insert(endpoints).values(id=endpoint.id, partner_id=endpoint.partner_id, created_at=endpoint.created_at, **_values(endpoint))
    )


async def save(uow: UnitOfWork, endpoint: Endpoint) -> None:
    """Write a changed endpoint, whose row is locked."""
    await uow.execute(sa.update(endpoints).where(endpoints.c.id == endpoint.id).values(**_values(endpoint)))


async def remove(uow: UnitOfWork, endpoint_id: EndpointId) -> None:
    """Delete an endpoint with its secrets, deliveries and attempts."""
    await uow.execute(sa.delete(endpoints).where(endpoints.c.id == endpoint_id))


_NOTE_HEALTH = """
update endpoints e set failing_since = case when h.accepts then null else $3::timestamptz end
from unnest($1::uuid[], $2::bool[]) as h(id, accepts)
where e.id = h.id and (e.failing_since is null) <> h.accepts"""


async def note_health(uow: UnitOfWork, health: dict[EndpointId, bool]) -> None:
    """Remember which endpoints accepted their latest attempt; rows are written only where that changed."""
    await uow.fetch(_NOTE_HEALTH, [*health.keys()], [*health.values()], uow.now)


def _values(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "url": endpoint.wish.url,
        "description": endpoint.wish.description,
        "event_types": list(endpoint.wish.event_types),
        "state": endpoint.state.value,
        "cause": endpoint.cause.value if endpoint.cause else None,
        "version": endpoint.version,
        "updated_at": endpoint.updated_at,
        "failing_since": endpoint.failing_since,
    }


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=EndpointId(row.id),
        partner_id=row.partner_id,
        wish=Wish(row.url, tuple(row.event_types), row.description),
        state=EndpointState(row.state),
        cause=Cause(row.cause) if row.cause else None,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        failing_since=row.failing_since,
    )
