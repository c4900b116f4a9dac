"""Accounts as staff sees and changes them: signposts of merged ones, identifiers and deals that move, and the record of it all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import Slot, Window
from services.registration.domain.values import AccountId, DealId, PartnerId
from services.registration.store import rows, slots
from services.registration.store.documents import loaded
from services.registration.store.tables.deals import accounts
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.ids import new_id

_LOCKED = "select * from accounts where id = any($1::uuid[]) order by id for no key update"
_SUCCESSOR = """
with recursive way(id, next) as (
  select id, merged_into from accounts where id = $1
  union all select a.id, a.merged_into from way join accounts a on a.id = way.next
) select id from way where next is null"""
_ABSORBED = """
with recursive into_it(id) as (
  select id from accounts where merged_into = $1
  union all select a.id from into_it join accounts a on a.merged_into = into_it.id
) select id from into_it order by id"""
_DEALS = "select * from deals where account_id = any($1::uuid[]) order by id for update"
_SLOTS = """
select s.deal_id, s.account_id, s.family, s.path, lower(s.during), upper(s.during), d.partner_id
from protection_slots s left join deals d on d.id = s.deal_id where s.account_id = any($1::uuid[])"""
_DROP_SLOTS = "delete from protection_slots where deal_id = any($1::uuid[])"
_MOVE_DEALS = "update deals set account_id = $2 where id = any($1::uuid[])"
_MOVE_ALL_NAMES = "update account_identifiers set account_id = $2 where account_id = $1"
_MOVE_NAMES = """
update account_identifiers i set account_id = $2 from unnest($3::text[], $4::text[]) w(kind, value)
where i.account_id = $1 and i.kind = w.kind and i.value = w.value returning i.kind, i.value"""
_ADD_NAMES = """
insert into account_identifiers (kind, value, account_id) select kind, value, $1 from unnest($2::text[], $3::text[]) w(kind, value)
order by kind, value on conflict do nothing returning kind, value"""
_HOLDER = "select account_id from account_identifiers where kind = $1 and value = $2"
_MARK = "update accounts set merged_into = $2, version = version + 1, swept = true where id = $1 returning version"
_TOUCH = "update accounts set merged_into = null, version = version + 1, swept = false where id = $1 returning version"
_SPLIT = "update accounts set splits = splits + 1, version = version + 1, swept = false where id = $1 returning version"
_COUNT = "update accounts set version = version + 1 where id = any($1::uuid[])"
_NEW = "insert into accounts (id, name, country, created_at) values ($1, $2, $3, $4)"
_RECORD = """
insert into account_changes (id, account_id, other_id, kind, changed_at, changed_by, because, details)
values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)"""
_HISTORY = """
select id, account_id, other_id, kind, changed_at, changed_by, because, details from account_changes
where account_id = any($1::uuid[]) or other_id = any($1::uuid[]) order by changed_at desc, id desc limit 200"""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's account. `merged_into` is set where another carries on for it."""

    id: AccountId
    name: str
    country: str | None
    created_at: datetime
    version: int
    merged_into: AccountId | None


@dataclass(frozen=True, slots=True)
class Change:
    """What staff changed: `merged` (account into other), `split` (other out of account), `alias`, `link`, `unlink`, `decided`."""

    id: UUID
    account_id: AccountId
    other_id: AccountId | None
    kind: str
    changed_at: datetime
    changed_by: str
    because: str
    details: Mapping[str, Any]


def _read(row: Row) -> Account:
    into = AccountId(row.merged_into) if row.merged_into else None
    return Account(AccountId(row.id), row.name, row.country, row.created_at, row.version, into)


async def successor(uow: UnitOfWork, account_id: UUID) -> AccountId:
    """Who carries on for the account, itself if nobody does; also through several merges. Raises NotFound."""
    found = await uow.fetch(_SUCCESSOR, account_id)
    if not found:
        raise NotFound(what="account")
    return AccountId(found[0][0])


async def carried_on(uow: UnitOfWork, account_id: UUID | None) -> UUID | None:
    """What to look for where an account id is given: its successor, if it was merged; an unknown one stays as it is."""
    found = await uow.fetch(_SUCCESSOR, account_id) if account_id else ()
    return found[0][0] if found else account_id


async def absorbed(uow: UnitOfWork, account_id: AccountId) -> list[AccountId]:
    """The accounts that it carries on for."""
    return [AccountId(row[0]) for row in await uow.fetch(_ABSORBED, account_id)]


async def seen(uow: UnitOfWork, account_id: AccountId) -> Account:
    """The account, not locked. Raises NotFound."""
    found = (await uow.execute(sa.select(accounts).where(accounts.c.id == account_id))).first()
    if found is None:
        raise NotFound(what="account")
    return _read(found)


async def listed(uow: UnitOfWork, *, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Account]:
    """At most `limit` accounts after `after` (when it was entered, its id), oldest first, without those that were merged."""
    age = sa.tuple_(accounts.c.created_at, accounts.c.id)
    query = sa.select(accounts).where(accounts.c.merged_into.is_(None)).order_by(accounts.c.created_at, accounts.c.id).limit(limit)
    if after is not None:
        query = query.where(age > after)
    return [_read(row) for row in (await uow.execute(query)).all()]


async def named(uow: UnitOfWork, ids: Iterable[AccountId]) -> list[Account]:
    """These accounts, in no order."""
    found = await uow.execute(sa.select(accounts).where(accounts.c.id.in_(list(ids))))
    return [_read(row) for row in found.all()]


async def locked(uow: UnitOfWork, *ids: AccountId) -> dict[AccountId, Account]:
    """The accounts, held until the transaction ends. Raises NotFound."""
    found = {row.id: _read(row) for row in await uow.fetch(_LOCKED, sorted(ids))}
    if len(found) < len(set(ids)):
        raise NotFound(what="account")
    return found


async def deals_of(uow: UnitOfWork, *ids: AccountId) -> dict[DealId, Deal]:
    """All deals on the accounts, locked."""
    return {DealId(row.id): rows.read(row) for row in await uow.fetch(_DEALS, sorted(ids))}


async def slots_of(uow: UnitOfWork, *ids: AccountId) -> list[Slot]:
    """All slots on the accounts, past ones too."""
    found = await uow.fetch(_SLOTS, sorted(ids))
    return [Slot(DealId(d), AccountId(a), f, p, Window(lo, hi), PartnerId(who) if who else None) for d, a, f, p, lo, hi, who in found]


async def rewrite_slots(uow: UnitOfWork, rewritten: Mapping[DealId, Sequence[Slot]]) -> None:
    """Let these slots stand instead of all that the deals had."""
    await uow.fetch(_DROP_SLOTS, sorted(rewritten))
    await slots.hold(uow, (slot for each in rewritten.values() for slot in each))


async def move_deals(uow: UnitOfWork, deal_ids: Iterable[DealId], *, to: AccountId) -> None:
    """The deals are on `to` from now on; their facts are not told again."""
    await uow.fetch(_MOVE_DEALS, sorted(deal_ids), to)


async def move_names(uow: UnitOfWork, account_id: AccountId, names: Sequence[Identifier] | None, *, to: AccountId) -> set[Identifier]:
    """The identifiers name `to` from now on (all of them, if None); returns which of the named ones did move."""
    if names is None:
        await uow.fetch(_MOVE_ALL_NAMES, account_id, to)
        return set()
    moved = await uow.fetch(_MOVE_NAMES, account_id, to, [each.kind.value for each in names], [each.value for each in names])
    return {Identifier(IdentifierKind(kind), value) for kind, value in moved}


async def add_names(uow: UnitOfWork, account_id: AccountId, names: Sequence[Identifier]) -> set[Identifier]:
    """Enter identifiers; returns those that were free."""
    added = await uow.fetch(_ADD_NAMES, account_id, [each.kind.value for each in names], [each.value for each in names])
    return {Identifier(IdentifierKind(kind), value) for kind, value in added}


async def holder(uow: UnitOfWork, name: Identifier) -> AccountId | None:
    """The account that the identifier names."""
    found = await uow.fetch(_HOLDER, name.kind.value, name.value)
    return AccountId(found[0][0]) if found else None


async def mark_merged(uow: UnitOfWork, account_id: AccountId, *, into: AccountId) -> int:
    """The account stays as a signpost to `into`; returns its version."""
    return int((await uow.fetch(_MARK, account_id, into))[0][0])


async def touch(uow: UnitOfWork, account_id: AccountId) -> int:
    """The account was changed (and stands for itself again, if it was merged); returns its version."""
    return int((await uow.fetch(_TOUCH, account_id))[0][0])


async def mark_split(uow: UnitOfWork, account_id: AccountId) -> int:
    """Names left the account: whoever found it by one, and waits for it, looks again. Returns its version."""
    return int((await uow.fetch(_SPLIT, account_id))[0][0])


async def count(uow: UnitOfWork, *ids: AccountId) -> None:
    """What is shown of these accounts, which are locked, is not what it was."""
    await uow.fetch(_COUNT, sorted(ids))


async def create(uow: UnitOfWork, account_id: AccountId, *, name: str, country: str | None) -> None:
    """A new account."""
    await uow.fetch(_NEW, account_id, name, country, uow.now)


async def record(
    uow: UnitOfWork, kind: str, account_id: AccountId, other_id: AccountId | None, *, by: str, because: str, details: Mapping[str, Any]
) -> None:
    """Write down who changed what, and why."""
    told = orjson.dumps(details, default=str).decode()
    await uow.fetch(_RECORD, new_id(), account_id, other_id, kind, uow.now, by, because, told)


async def history(uow: UnitOfWork, ids: Sequence[AccountId]) -> list[Change]:
    """What was changed of these accounts, the latest first."""
    return [
        Change(id_, AccountId(account), AccountId(other) if other else None, kind, at, by, why, loaded(details))
        for id_, account, other, kind, at, by, why, details in await uow.fetch(_HISTORY, list(ids))
    ]
