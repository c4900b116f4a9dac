"""Partners in the store: rows in, domain values out."""

import sqlalchemy as sa

from services.partners.domain.partner import Details, Kind, Partner, PartnerId, State
from services.partners.store.tables import partners
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound


async def add(uow: UnitOfWork, partner: Partner) -> None:
    """Insert a new partner."""
    await uow.execute(partners.insert().values(id=partner.id, created_at=partner.created_at, **_columns(partner)))


async def get(uow: UnitOfWork, partner_id: PartnerId) -> Partner:
    """Raises NotFound, also for a partner that the caller may not see."""
    return await _one(uow, sa.select(partners).where(partners.c.id == partner_id))


async def locked(uow: UnitOfWork, partner_id: PartnerId) -> Partner:
    """The partner, held against other writers until the transaction ends. Raises NotFound."""
    return await _one(uow, sa.select(partners).where(partners.c.id == partner_id).with_for_update())


async def save(uow: UnitOfWork, partner: Partner) -> None:
    """Write a partner that this transaction holds locked."""
    await uow.execute(partners.update().where(partners.c.id == partner.id).values(**_columns(partner)))


async def page(
    uow: UnitOfWork, *, after: PartnerId | None, limit: int, partner_id: PartnerId | None, state: State | None, name: str | None
) -> list[Partner]:
    """Up to `limit` partners after `after` (with `partner_id` that one alone), in the order in which they were created."""
    query = sa.select(partners).order_by(partners.c.id).limit(limit)
    if partner_id:
        query = query.where(partners.c.id == partner_id)
    if after:
        query = query.where(partners.c.id > after)
    if state:
        query = query.where(partners.c.state == state.value)
    if name:
        query = query.where(partners.c.name == name)
    return [_partner(row) for row in await uow.execute(query)]


async def _one(uow: UnitOfWork, query: sa.Select[tuple[object, ...]]) -> Partner:
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        raise NotFound(what="partner")
    return _partner(row)


def _columns(partner: Partner) -> dict[str, object]:
    return {
        "name": partner.details.name,
        "kind": partner.details.kind.value,
        "region": partner.details.region,
        "country": partner.details.country,
        "state": partner.state.value,
        "version": partner.version,
        "enrolled_at": partner.enrolled_at,
    }


def _partner(row: Row) -> Partner:
    return Partner(
        id=PartnerId(row.id),
        details=Details(row.name, Kind(row.kind), row.region, row.country),
        state=State(row.state),
        version=row.version,
        created_at=row.created_at,
        enrolled_at=row.enrolled_at,
    )
