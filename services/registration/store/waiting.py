"""The line of those who came second: who waits for which account, and to whom it is offered."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.deals.protection import Scope
from services.registration.domain.values import AccountId, DealId, PartnerId
from services.registration.store.tables.reviews import waiting_list
from shared.chassis.database import UnitOfWork, every_partner
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.money import Money

_JOIN = """
insert into waiting_list (id, partner_id, account_id, account_name, country, families, territory, path, evidence,
    expected_minor, expected_currency, state, joined_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', $12) on conflict do nothing returning id"""
_OFFER = """
update waiting_list set state = 'offered', offered_at = $2, offered_until = $3, version = version + 1 where id = $1"""
_SETTLE = """
update waiting_list set state = $2, deal_id = coalesce($3, deal_id), version = version + 1 where id = any($1::uuid[])"""
_LOCKED = "select * from waiting_list where id = $1 for update"
_WHERE = "select account_id, partner_id from waiting_list where id = $1"
_IN_LINE = "state in ('waiting', 'offered') order by account_id, joined_at, id for update"
_LINES = f"select * from waiting_list where account_id = any($1::uuid[]) and {_IN_LINE}"  # noqa: S608 - our own text
_OF_PARTNER = f"select * from waiting_list where partner_id = $1 and {_IN_LINE}"  # noqa: S608 - our own text
_MEETS = "s.family = any(w.families) and (starts_with(s.path || '/', w.path || '/') or starts_with(w.path || '/', s.path || '/'))"
_HELD = f"""
select 1 from protection_slots s left join deals d on d.id = s.deal_id
where s.account_id = w.account_id and s.during @> $1::timestamptz and {_MEETS}"""  # noqa: S608 - our own text
# Accounts on which somebody waits and nothing of what is waited for is held at this moment: the rule decides for each under its lock.
# `offset 0`: looked up for each who waits; joined, it would read the slots of everybody.
_FREE = f"select distinct w.account_id from waiting_list w where w.state = 'waiting' and not exists ({_HELD} offset 0) limit $2"  # noqa: S608
# What ends by itself: offers whose time is over, and places whose partner alone holds the account now.
_ENDING = f"""
(select account_id from waiting_list where state = 'offered' and offered_until <= $1 order by offered_until limit $2)
union (select w.account_id from waiting_list w where w.state = 'waiting' and exists ({_HELD} and d.partner_id = w.partner_id offset 0)
    and not exists ({_HELD} and d.partner_id is distinct from w.partner_id offset 0) limit $2)"""  # noqa: S608 - our own text
_MOVE_LINE = "update waiting_list set account_id = $2 where account_id = $1"
_MOVE_PLACES = "update waiting_list set account_id = $2 where id = any($1::uuid[])"
_TAKE_BACK = """
update waiting_list set state = 'waiting', offered_at = null, offered_until = null, version = version + 1
where id = any($1::uuid[]) and state = 'offered' returning *"""
_PLACES = "select id from waiting_list where id = any($1::uuid[])"


async def join(uow: UnitOfWork, one: Waiting) -> bool:
    """Stand in line; False if the partner stands there already."""
    scope, expected = one.scope, one.expected
    who = (one.id, one.partner_id, scope.account_id, one.account_name, one.country, list(scope.families), one.territory, scope.path)
    money = (expected.minor, expected.currency) if expected else (None, None)
    return bool(await uow.fetch(_JOIN, *who, one.evidence, *money, uow.now))


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


async def offer(uow: UnitOfWork, one: Waiting, *, until: datetime) -> None:
    """It is theirs until `until` if they want it."""
    await uow.fetch(_OFFER, one.id, uow.now, until)


async def settle(uow: UnitOfWork, ids: Iterable[UUID], place: Place, *, deal_id: UUID | None = None) -> None:
    """Out of the line: taken, lapsed or left."""
    await uow.fetch(_SETTLE, list(ids), place.value, deal_id)


async def free_accounts(uow: UnitOfWork, *, limit: int) -> list[AccountId]:
    """Accounts on which something that is waited for seems free."""
    return [AccountId(row[0]) for row in await uow.fetch(_FREE, uow.now, limit)]


async def ending_accounts(uow: UnitOfWork, *, limit: int) -> list[AccountId]:
    """Accounts in whose lines a place seems to be over: nothing is locked, the rule decides for each under its lock."""
    return [AccountId(row[0]) for row in await uow.fetch(_ENDING, uow.now, limit)]


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
