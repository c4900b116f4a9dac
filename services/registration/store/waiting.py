"""The line of those who came second: who waits for which account, and to whom it is offered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.deals.line import Look, Place, Waiting
from services.registration.domain.deals.protection import Scope
from services.registration.domain.values import AccountId, DealId, PartnerId
from services.registration.store.tables.reviews import waiting_list
from shared.chassis.database import UnitOfWork, every_partner
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.money import Money

# One statement and one answer, whether the partner comes anew or stands in line already.
_JOIN = """
with joined as (
  insert into waiting_list (id, partner_id, account_id, account_name, country, families, territory, path, evidence,
    expected_minor, expected_currency, state, joined_at, version)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12, 1) on conflict do nothing returning id)
select id from joined union all select id from waiting_list
where partner_id = $2 and account_id = $3 and families = $6 and path = $8 and state in ('waiting', 'offered')"""
_OFFER = """
update waiting_list set state = 'offered', offered_at = $2, offered_until = $3, version = version + 1
where id = any($1::uuid[])"""
_SETTLE = """
update waiting_list set state = $2, deal_id = coalesce($3, deal_id), version = version + 1 where id = any($1::uuid[])"""
_LOCKED = "select * from waiting_list where id = $1 for update"
_WHERE = "select account_id, partner_id from waiting_list where id = $1"
_IN_LINE = "state in ('waiting', 'offered') order by account_id, joined_at, id for update"
_LINES = f"select * from waiting_list where account_id = any($1::uuid[]) and {_IN_LINE}"  # noqa: S608 - our own text
_OF_PARTNER = f"select * from waiting_list where partner_id = $1 and {_IN_LINE}"  # noqa: S608 - our own text
# Marks of triggers (migration 0014); what another leader has in hand is left to it.
_FREED = """
with picked as materialized (select id from freed_accounts order by id limit $1 for update skip locked),
mark as (delete from freed_accounts f using picked p where f.id = p.id returning f.account_id)
select m.account_id, w.id is not null from (select distinct account_id from mark) m left join lateral (
  select id from waiting_list w where w.account_id = m.account_id and state in ('waiting', 'offered') limit 1) w on true"""
_DUE = """
(select account_id from waiting_list where state = 'waiting' and look_at <= $1 order by look_at limit $2)
union (select account_id from waiting_list where state = 'offered' and offered_until <= $1 order by offered_until limit $2)
union (select account_id from waiting_list where state = 'waiting' and kept_back and $3 limit $2)"""
_LOOK_AGAIN = """
update waiting_list w set look_at = c.at, kept_back = c.kept_back
from unnest($1::uuid[], $2::timestamptz[], $3::boolean[]) c(id, at, kept_back)
where w.id = c.id and (w.look_at, w.kept_back) is distinct from (c.at, c.kept_back)"""
_MOVE_LINE = "update waiting_list set account_id = $2 where account_id = $1"
_MOVE_PLACES = "update waiting_list set account_id = $2 where id = any($1::uuid[])"
_TAKE_BACK = """
update waiting_list set state = 'waiting', offered_at = null, offered_until = null, version = version + 1
where id = any($1::uuid[]) and state = 'offered' returning *"""
_PLACES = "select id from waiting_list where id = any($1::uuid[])"


async def join(uow: UnitOfWork, one: Waiting) -> UUID:
    """Stand in line, of which the partner is told at once; the place, which is an earlier one if the partner stands there already."""
    scope, expected = one.scope, one.expected
    who = (one.id, one.partner_id, scope.account_id, one.account_name, one.country, list(scope.families), one.territory, scope.path)
    money = (expected.minor, expected.currency) if expected else (None, None)
    place: UUID = (await uow.fetch(_JOIN, *who, one.evidence, *money, uow.now))[0][0]
    return place


async def where(uow: UnitOfWork, waiting_id: UUID) -> tuple[AccountId, PartnerId]:
    """Which account is waited for, and by whom: both are locked before the line. Raises NotFound."""
    found = await uow.fetch(_WHERE, waiting_id)
    if not found:
        raise NotFound(what="place")
    return AccountId(found[0][0]), PartnerId(found[0][1])


async def locked(uow: UnitOfWork, waiting_id: UUID) -> Waiting:
    """Raises NotFound."""
    found = await uow.fetch(_LOCKED, waiting_id)
    if not found:
        raise NotFound(what="place")
    return _waiting(found[0])


async def offer(uow: UnitOfWork, ones: Sequence[Waiting], *, until: datetime) -> None:
    """It is theirs until `until` if they want it."""
    if ones:
        await uow.fetch(_OFFER, [one.id for one in ones], uow.now, until)


async def settle(uow: UnitOfWork, ids: Iterable[UUID], place: Place, *, deal_id: UUID | None = None) -> None:
    """Out of the line: taken, lapsed or left."""
    await uow.fetch(_SETTLE, list(ids), place.value, deal_id)


async def freed(uow: UnitOfWork, *, limit: int) -> dict[AccountId, bool]:
    """Accounts of which something that was held may be free since; whether somebody is in line. Each is told of once.

    Who joins such a line at this moment is not seen, and needs not be: nobody has looked at that place yet, so it is `due`.
    """
    return {AccountId(account): waited_for for account, waited_for in await uow.fetch(_FREED, limit)}


async def due(uow: UnitOfWork, *, kept_back: bool, limit: int) -> list[AccountId]:
    """Accounts in whose lines the time has come to look: at a place, or at the end of an offer; `kept_back`: also at what was free."""
    return [AccountId(row[0]) for row in await uow.fetch(_DUE, uow.now, limit, kept_back)]


async def look_again(uow: UnitOfWork, looks: Mapping[UUID, Look]) -> None:
    """When to look at these places again. Whatever frees an account before leaves its mark."""
    if looks:
        at, kept_back = [look.at for look in looks.values()], [look.kept_back for look in looks.values()]
        await uow.fetch(_LOOK_AGAIN, list(looks), at, kept_back)


async def lines(uow: UnitOfWork, accounts: Iterable[AccountId]) -> list[Waiting]:
    """Who stands in the lines of these accounts, which are locked: account by account, first come first, locked."""
    return [_waiting(row) for row in await uow.fetch(_LINES, list(accounts))]


async def of_partner(uow: UnitOfWork, partner_id: PartnerId) -> list[Waiting]:
    """Where the partner stands in line, locked in the order in which `lines` locks."""
    return [_waiting(row) for row in await uow.fetch(_OF_PARTNER, partner_id)]


async def move(uow: UnitOfWork, gone: AccountId, *, into: AccountId) -> None:
    """Who waits for one account waits for the one that carries on for it; nobody stands in both lines for the same."""
    await uow.fetch(_MOVE_LINE, gone, into)


async def move_places(uow: UnitOfWork, ids: Iterable[UUID], *, to: AccountId) -> None:
    """These places, which are locked, stand in the line of `to` from now on, as they stood before."""
    await uow.fetch(_MOVE_PLACES, list(ids), to)


async def take_back(uow: UnitOfWork, waiting_ids: Sequence[UUID]) -> list[Waiting]:
    """Those of the places that were offered, which wait on where they stood: their account is not free after all."""
    return [_waiting(row) for row in await uow.fetch(_TAKE_BACK, list(waiting_ids))] if waiting_ids else []


async def places_among(uow: UnitOfWork, ids: Iterable[DealId]) -> set[DealId]:
    """Which of these holders of slots are places to which an account is, or was, offered; whoever asks."""
    if not (wanted := list(ids)):
        return set()
    async with every_partner(uow):
        return {DealId(row[0]) for row in await uow.fetch(_PLACES, wanted)}


async def listed(uow: UnitOfWork, *, partner_id: UUID | None, after: UUID | None, limit: int) -> Sequence[Waiting]:
    """At most `limit` places after `after`; a partner sees its own."""
    query = sa.select(waiting_list).order_by(waiting_list.c.id).limit(limit)
    if partner_id is not None:
        query = query.where(waiting_list.c.partner_id == partner_id)
    if after is not None:
        query = query.where(waiting_list.c.id > after)
    return [_waiting(row) for row in (await uow.execute(query)).all()]


def _waiting(row: Row) -> Waiting:
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
        version=row.version,
    )
