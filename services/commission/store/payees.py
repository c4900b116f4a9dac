"""Whom money goes to, and how the partnerships stand that it is paid under."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.commission.domain.payouts import Payee, Standing
from services.commission.store.tables_payouts import payees
from shared.chassis.database import UnitOfWork

_HEAR = """
insert into partner_standings as known (partner_id, version, standing) select * from unnest($1::uuid[], $2::bigint[], $3::text[])
on conflict (partner_id) do update set version = excluded.version, standing = excluded.standing where known.version < excluded.version"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A payee as the database holds it: `account` is sealed, `hint` is what people are shown of it.

    `details_by` set name, currency or account last; `changed_by` changed anything last.
    """

    payee: Payee
    account: bytes
    hint: str
    version: int
    changed_at: datetime
    changed_by: str
    details_by: str


async def find(uow: UnitOfWork, partner_id: UUID) -> Kept | None:
    """The partner's payee, if it has one that the caller may see."""
    row = (await uow.execute(sa.select(payees).where(payees.c.partner_id == partner_id))).one_or_none()
    return None if row is None else _kept(row)


async def held(uow: UnitOfWork, partner_id: UUID) -> Kept | None:
    """The same, and nobody else changes it until the transaction ends."""
    await uow.lock(f"payee:{partner_id}")  # also while there is none
    return await find(uow, partner_id)


async def page(uow: UnitOfWork, *, after: UUID | None, limit: int, partner_id: UUID | None) -> Sequence[Kept]:
    """Payees by partner; with `partner_id` that partner's alone."""
    query = sa.select(payees).order_by(payees.c.partner_id).limit(limit)
    if partner_id is not None:
        query = query.where(payees.c.partner_id == partner_id)
    if after is not None:
        query = query.where(payees.c.partner_id > after)
    return [_kept(row) for row in await uow.execute(query)]


async def put(uow: UnitOfWork, kept: Kept) -> None:
    """Write it as it is now."""
    payee = kept.payee
    values: dict[str, Any] = {name: getattr(payee, name) for name in Payee.__slots__}
    values |= {"account": kept.account, "account_hint": kept.hint, "version": kept.version}
    values |= {"changed_at": kept.changed_at, "changed_by": kept.changed_by, "details_by": kept.details_by}
    await uow.execute(insert(payees).values(values).on_conflict_do_update(index_elements=["partner_id"], set_=values))


async def hear(uow: UnitOfWork, heard: Mapping[UUID, tuple[int, Standing]]) -> None:
    """Keep what is heard (version, standing) unless a later version is known: topics overtake one another, versions do not."""
    partners = sorted(heard)  # two batches must not lock each other out
    standings = [heard[partner][1].value for partner in partners]
    await uow.fetch(_HEAR, partners, [heard[partner][0] for partner in partners], standings)


def _kept(row: Any) -> Kept:
    payee = Payee(**{name: getattr(row, name) for name in Payee.__slots__})
    return Kept(payee, row.account, row.account_hint, row.version, row.changed_at, row.changed_by, row.details_by)
