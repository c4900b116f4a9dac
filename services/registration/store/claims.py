"""The vendor's claims: read for the accounts that are locked, written as a set from its sales system."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.deals.claims import Claim, ClaimKind
from services.registration.domain.values import AccountId, PartnerId
from services.registration.store.tables.reviews import vendor_claims
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row

_ON = "select * from vendor_claims where account_id = any($1::uuid[]) and (valid_until is null or valid_until > $2)"
_WRITE = """
insert into vendor_claims as c (id, kind, account_id, account_name, families, territory, path, assigned_to, active_at, valid_from,
    valid_until, source, external_id, note, recorded_by, recorded_at)
select id, kind, account_id, account_name, families, territory, path, assigned_to, active_at, valid_from,
    valid_until, source, external_id, note, recorded_by, recorded_at
from jsonb_populate_recordset(null::vendor_claims, $1::text::jsonb) order by source, external_id
on conflict (source, external_id) do update set kind = excluded.kind, account_id = excluded.account_id,
    account_name = excluded.account_name, families = excluded.families, territory = excluded.territory, path = excluded.path,
    assigned_to = excluded.assigned_to, active_at = excluded.active_at, valid_from = excluded.valid_from,
    valid_until = excluded.valid_until, note = excluded.note, recorded_by = excluded.recorded_by, recorded_at = excluded.recorded_at
returning c.id, c.source, c.external_id"""
_MOVE = "update vendor_claims set account_id = $2 where account_id = $1"
_END = """
update vendor_claims set valid_until = $3
where source = $1 and external_id = $2 and (valid_until is null or valid_until > $3) returning 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedClaim:
    """A claim with what people read of it: where it comes from, by whom, and the customer's name."""

    claim: Claim
    account_name: str
    territory: str
    source: str
    external_id: str
    note: str | None
    recorded_by: str


async def on(uow: UnitOfWork, accounts: Iterable[AccountId]) -> list[Claim]:
    """The claims on `accounts` that are not over. Without the accounts' locks they may be out of date at once."""
    return [_claim(row) for row in await uow.fetch(_ON, sorted(set(accounts)), uow.now)]


async def write(uow: UnitOfWork, claims: Sequence[RecordedClaim]) -> dict[tuple[str, str], UUID]:
    """Write claims; one that is known by source and external id is replaced. Returns the id of each."""
    rows = [_row(each, recorded_at=uow.now) for each in claims]
    written = await uow.fetch(_WRITE, orjson.dumps(rows, default=str).decode()) if rows else ()
    return {(source, external_id): UUID(str(claim_id)) for claim_id, source, external_id in written}


async def end(uow: UnitOfWork, source: str, external_id: str) -> bool:
    """The claim is over now; False if there is none in force."""
    return bool(await uow.fetch(_END, source, external_id, uow.now))


async def move(uow: UnitOfWork, gone: AccountId, *, into: AccountId) -> None:
    """What was claimed of one account is claimed of the one that carries on for it."""
    await uow.fetch(_MOVE, gone, into)


async def listed(uow: UnitOfWork, *, account_id: UUID | None, after: UUID | None, limit: int) -> list[RecordedClaim]:
    """At most `limit` claims after `after`, those that are over included."""
    query = sa.select(vendor_claims).order_by(vendor_claims.c.id).limit(limit)
    if account_id is not None:
        query = query.where(vendor_claims.c.account_id == account_id)
    if after is not None:
        query = query.where(vendor_claims.c.id > after)
    return [
        RecordedClaim(
            claim=_claim(row),
            account_name=row.account_name,
            territory=row.territory,
            source=row.source,
            external_id=row.external_id,
            note=row.note,
            recorded_by=row.recorded_by,
        )
        for row in (await uow.execute(query)).all()
    ]


def _claim(row: Row) -> Claim:
    return Claim(
        id=row.id,
        kind=ClaimKind(row.kind),
        account_id=AccountId(row.account_id),
        families=tuple(row.families),
        path=row.path,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        active_at=row.active_at,
        assigned_to=PartnerId(row.assigned_to) if row.assigned_to else None,
    )


def _row(each: RecordedClaim, *, recorded_at: datetime) -> dict[str, Any]:
    claim = each.claim
    return {
        "id": claim.id,
        "kind": claim.kind.value,
        "account_id": claim.account_id,
        "account_name": each.account_name,
        "families": claim.families,
        "territory": each.territory,
        "path": claim.path,
        "assigned_to": claim.assigned_to,
        "active_at": claim.active_at,
        "valid_from": claim.valid_from,
        "valid_until": claim.valid_until,
        "source": each.source,
        "external_id": each.external_id,
        "note": each.note,
        "recorded_by": each.recorded_by,
        "recorded_at": recorded_at,
    }
