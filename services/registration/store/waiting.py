"""The line of those who came second: who waits for which account, and to whom it is offered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.deals.protection import Scope
from services.registration.domain.values import AccountId, PartnerId
from services.registration.store.tables.reviews import waiting_list
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound
from shared.chassis.money import Money


class Place(StrEnum):
    """Where somebody stands in the line."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One who waits for `scope`, with what a registration of it needs."""

    id: UUID
    partner_id: PartnerId
    account_name: str
    country: str | None
    scope: Scope
    territory: str
    evidence: str | None
    expected: Money | None
    place: Place
    joined_at: datetime
    offered_until: datetime | None = None
    deal_id: UUID | None = None


_JOIN = """
insert into waiting_list (id, partner_id, account_id, account_name, country, families, territory, path, evidence,
    expected_minor, expected_currency, state, joined_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12) on conflict do nothing returning id"""
_MOVE = """
update waiting_list set state = $2, offered_at = coalesce($3, offered_at), offered_until = coalesce($4, offered_until),
    deal_id = coalesce($5, deal_id) where id = $1"""
_LOCKED = "select * from waiting_list where id = $1 for update"
_ACCOUNT = "select account_id from waiting_list where id = $1"
# Accounts on which somebody waits and nothing of what is waited for is held at this moment: the rule decides for each under its lock.
_FREE = """
select distinct w.account_id from waiting_list w where w.state = 'waiting' and not exists (
    select 1 from protection_slots s where s.account_id = w.account_id and s.during @> $1::timestamptz and s.family = any(w.families)
        and (starts_with(s.path || '/', w.path || '/') or starts_with(w.path || '/', s.path || '/'))
    offset 0)  -- looked up for each who waits: joined, it would read the slots of everybody
limit $2"""
_LEAVE = """
with left_ones as (update waiting_list set state = 'left' where partner_id = $1 and state in ('waiting', 'offered') returning id)
delete from protection_slots where deal_id in (select id from left_ones)"""
# Who waits for the same on both stands in line once: where it is offered already, else as it came first.
_STAND_ONCE = """
with left_ones as (
  update waiting_list w set state = 'left' where w.account_id in ($1, $2) and w.state in ('waiting', 'offered') and exists (
    select 1 from waiting_list o where o.account_id in ($1, $2) and o.state in ('waiting', 'offered') and o.partner_id = w.partner_id
        and o.families = w.families and o.path = w.path
        and (o.state <> 'offered', o.joined_at, o.id) < (w.state <> 'offered', w.joined_at, w.id)) returning id)
delete from protection_slots where deal_id in (select id from left_ones)"""
_MOVE_LINE = "update waiting_list set account_id = $2 where account_id = $1"
_TAKE_BACK = (
    "update waiting_list set state = 'waiting', offered_at = null, offered_until = null where id = any($1::uuid[]) and state = 'offered'"
)
_IN_LINE = "select * from waiting_list where account_id = $1 and state = 'waiting' order by joined_at, id for update"
_OVER = "select * from waiting_list where state = 'offered' and offered_until <= $1 order by offered_until limit $2 for update skip locked"


async def join(uow: UnitOfWork, one: Waiting) -> bool:
    """Stand in line; False if the partner stands there already."""
    scope, expected = one.scope, one.expected
    who = (one.id, one.partner_id, scope.account_id, one.account_name, one.country, list(scope.families), one.territory, scope.path)
    money = (expected.minor, expected.currency) if expected else (None, None)
    return bool(await uow.fetch(_JOIN, *who, one.evidence, *money, uow.now))


async def account_of(uow: UnitOfWork, waiting_id: UUID) -> AccountId:
    """Which account is waited for: it is locked before the line. Raises NotFound."""
    found = await uow.fetch(_ACCOUNT, waiting_id)
    if not found:
        raise NotFound(what="place")
    return AccountId(found[0][0])


async def locked(uow: UnitOfWork, waiting_id: UUID) -> Waiting:
    """Raises NotFound."""
    found = await uow.fetch(_LOCKED, waiting_id)
    if not found:
        raise NotFound(what="place")
    return _waiting(found[0])


async def offer(uow: UnitOfWork, one: Waiting, *, until: datetime) -> None:
    """It is theirs until `until` if they want it."""
    await uow.fetch(_MOVE, one.id, Place.OFFERED.value, uow.now, until, None)


async def settle(uow: UnitOfWork, one: Waiting, place: Place, *, deal_id: UUID | None = None) -> None:
    """Out of the line: taken, lapsed or left."""
    await uow.fetch(_MOVE, one.id, place.value, None, None, deal_id)


async def free_accounts(uow: UnitOfWork, *, limit: int) -> list[AccountId]:
    """Accounts on which something that is waited for seems free."""
    return [AccountId(row[0]) for row in await uow.fetch(_FREE, uow.now, limit)]


async def in_line(uow: UnitOfWork, account_id: AccountId) -> list[Waiting]:
    """Who waits for the account, first come first, locked."""
    return [_waiting(row) for row in await uow.fetch(_IN_LINE, account_id)]


async def over(uow: UnitOfWork, *, limit: int) -> list[Waiting]:
    """Offers that nobody took in time, locked."""
    return [_waiting(row) for row in await uow.fetch(_OVER, uow.now, limit)]


async def leave_all(uow: UnitOfWork, partner_id: PartnerId) -> None:
    """The partner waits for nothing any more, and what was kept for it is free."""
    await uow.fetch(_LEAVE, partner_id)


async def move(uow: UnitOfWork, gone: AccountId, *, into: AccountId) -> None:
    """Who waits for one account waits for the one that carries on for it."""
    await uow.fetch(_STAND_ONCE, gone, into)
    await uow.fetch(_MOVE_LINE, gone, into)


async def take_back(uow: UnitOfWork, waiting_ids: Sequence[UUID]) -> None:
    """What was offered is not free after all: they wait on, where they stood."""
    if waiting_ids:
        await uow.fetch(_TAKE_BACK, list(waiting_ids))


async def listed(uow: UnitOfWork, *, partner_id: UUID | None, after: UUID | None, limit: int) -> Sequence[Waiting]:
    """At most `limit` places after `after`; a partner sees its own."""
    query = sa.select(waiting_list).order_by(waiting_list.c.id).limit(limit)
    if partner_id is not None:
        query = query.where(waiting_list.c.partner_id == partner_id)
    if after is not None:
        query = query.where(waiting_list.c.id > after)
    return [_waiting(row) for row in (await uow.execute(query)).all()]


def _waiting(row: sa.Row[Any]) -> Waiting:
    return Waiting(
        id=row.id,
        partner_id=PartnerId(row.partner_id),
        account_name=row.account_name,
        country=row.country,
        scope=Scope(AccountId(row.account_id), tuple(row.families), row.path),
        territory=row.territory,
        evidence=row.evidence,
        expected=Money(row.expected_minor, row.expected_currency) if row.expected_currency else None,
        place=Place(row.state),
        joined_at=row.joined_at,
        offered_until=row.offered_until,
        deal_id=row.deal_id,
    )
