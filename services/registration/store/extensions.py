"""Extensions that partners asked for: at most one of a deal waits for its decision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.deals.exclusivity import Asked
from services.registration.domain.values import DealId, PartnerId
from services.registration.store.tables.reviews import extension_requests as requests
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id

_ASK = """
insert into extension_requests (id, deal_id, partner_id, evidence, requested_at, regular_end, keeps_until, state)
values ($1, $2, $3, $4, $5, $6, $7, 'pending') on conflict do nothing returning 1"""
_PENDING = "select regular_end, keeps_until from extension_requests where deal_id = $1 and state = 'pending' for update"
_AMONG = "select deal_id, regular_end, keeps_until from extension_requests where deal_id = any($1::uuid[]) and state = 'pending'"
_DECIDE = """
update extension_requests set state = $2, decided_at = $3, decided_by = $4, reason = $5 where deal_id = $1 and state = 'pending'"""
_LAPSE = """
update extension_requests set state = 'lapsed', decided_at = $2 where deal_id = any($1::uuid[]) and state = 'pending'
returning deal_id, regular_end, keeps_until"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequest:
    """One request; `keeps_until` is how long it keeps protection undecided."""

    id: UUID
    deal_id: UUID
    partner_id: UUID
    evidence: str | None
    requested_at: datetime
    keeps_until: datetime
    state: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


async def ask(
    uow: UnitOfWork, deal_id: DealId, partner_id: PartnerId, *, evidence: str | None, regular_end: datetime, keeps_until: datetime
) -> bool:
    """Put the request on record; False if one waits already."""
    asked = await uow.fetch(_ASK, new_id(), deal_id, partner_id, evidence, uow.now, regular_end, keeps_until)
    return bool(asked)


async def pending(uow: UnitOfWork, deal_id: DealId) -> Asked | None:
    """The request that waits for a decision, locked."""
    found = await uow.fetch(_PENDING, deal_id)
    return Asked(*found[0]) if found else None


async def pending_among(uow: UnitOfWork, deal_ids: Iterable[DealId]) -> dict[DealId, Asked]:
    """Those of these deals, whose locks are held, that have a request that waits."""
    ids = list(deal_ids)
    found = await uow.fetch(_AMONG, ids) if ids else ()
    return {DealId(deal_id): Asked(regular_end, keeps_until) for deal_id, regular_end, keeps_until in found}


async def decide(uow: UnitOfWork, deal_id: DealId, *, granted: bool, by: str, reason: str | None = None) -> None:
    """Note the decision on the request that waits, if there is one."""
    await uow.fetch(_DECIDE, deal_id, "granted" if granted else "declined", uow.now, by, reason)


async def lapse(uow: UnitOfWork, deal_ids: Iterable[DealId]) -> dict[DealId, Asked]:
    """What these deals' requests asked for is over; returns those that waited for a decision."""
    ids = list(deal_ids)
    found = await uow.fetch(_LAPSE, ids, uow.now) if ids else ()
    return {DealId(deal_id): Asked(regular_end, keeps_until) for deal_id, regular_end, keeps_until in found}


async def listed(
    uow: UnitOfWork, *, deal_id: UUID | None, state: str | None, partner_id: UUID | None, after: UUID | None, limit: int
) -> list[ExtensionRequest]:
    """At most `limit` requests after `after`, oldest first."""
    query = sa.select(requests).order_by(requests.c.id).limit(limit)
    if deal_id is not None:
        query = query.where(requests.c.deal_id == deal_id)
    if state is not None:
        query = query.where(requests.c.state == state)
    if partner_id is not None:
        query = query.where(requests.c.partner_id == partner_id)
    if after is not None:
        query = query.where(requests.c.id > after)
    fields = ExtensionRequest.__dataclass_fields__
    return [ExtensionRequest(**{name: getattr(row, name) for name in fields}) for row in (await uow.execute(query)).all()]
