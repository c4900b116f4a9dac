"""Accounts and what names them: found and locked by identifiers, entered without a gap for a second of the same."""

from collections.abc import Iterable, Sequence

from services.registration.domain.accounts.directory import NewAccount
from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.values import AccountId, PartnerId
from shared.chassis.database import UnitOfWork

LOOKED_UP = "lateral (select kind, value, account_id from account_identifiers where kind = w.kind and value = w.value offset 0) i"
"""The identifiers that `w(kind, value)` names.

"offset 0": looked up one by one. A plan made while there were few reads them all for each question, until somebody counts them anew.
"""
# Within a select the planner does not see how long an array is: of a few names one plan serves every call, instead of one made for each.
_FEW = f"unnest((select $1::text[]), (select $2::text[])) w(kind, value) cross join {LOOKED_UP}"
# Whoever waits here for a merge to end finds the account gone, and the names, looked up anew, with its successor. For a split to end, so
# too: an account that was locked is compared with what it was when the statement began (`b`), since a name found then may have left it.
_FIND = f"""
select i.kind, i.value, i.account_id
from {_FEW} join accounts a on a.id = i.account_id
join accounts b on b.id = a.id and b.splits = a.splits
where a.merged_into is null
order by a.id for no key update of a"""  # noqa: S608 - our own words
_FIND_WITH_PARTNER = f"""
select p.state, f.kind, f.value, f.account_id
from (values (1)) one left join known_partners p on p.id = $3 left join lateral (
  select i.kind, i.value, i.account_id
  from {_FEW} join accounts a on a.id = i.account_id
  join accounts b on b.id = a.id and b.splits = a.splits
  where a.merged_into is null
  order by a.id for no key update of a
) f on true"""  # noqa: S608 - our own words
# As `_FIND`, with more accounts locked in the same order. The left join reads all that is held: else a lock could be left out.
_FIND_AND_LOCK = f"""
with named as materialized (
  select i.kind, i.value, i.account_id from unnest($1::text[], $2::text[]) w(kind, value) cross join {LOOKED_UP}
), held as (
  select a.id, a.merged_into is null and a.splits = b.splits as unchanged from accounts a join accounts b on b.id = a.id
  where a.id = any(array(select account_id from named) || $3::uuid[]) order by a.id for no key update of a
)
select n.kind, n.value, n.account_id from held h left join named n on n.account_id = h.id where h.unchanged"""  # noqa: S608 - our own words
_LOCK = "select id from accounts where id = any($1::uuid[]) order by id for no key update"
# Sorted, so that two who enter overlapping sets wait for each other instead of dying.
_ADD = """
with entered as (
  insert into accounts (id, name, country, created_at)
  select id, name, country, $4 from unnest($1::uuid[], $2::text[], $3::text[]) r(id, name, country)
)
insert into account_identifiers (kind, value, account_id)
select kind, value, account_id from unnest($5::text[], $6::text[], $7::uuid[]) r(kind, value, account_id) order by kind, value
on conflict do nothing returning kind, value"""
_RENAMED = "update accounts set swept = false, version = version + 1 where id = any($1::uuid[])"
_FORGET_IDENTIFIERS = """
delete from account_identifiers i using unnest($1::text[], $2::text[]) r(kind, value) where i.kind = r.kind and i.value = r.value"""
_FORGET_ACCOUNTS = "delete from accounts where id = any($1::uuid[])"

Known = dict[Identifier, AccountId]


async def find(uow: UnitOfWork, wanted: Iterable[Identifier]) -> Known:
    """Which accounts the identifiers name, the accounts locked until the transaction ends."""
    pairs = sorted(set(wanted))
    rows = await uow.fetch(_FIND, [i.kind.value for i in pairs], [i.value for i in pairs]) if pairs else ()
    return {Identifier(IdentifierKind(kind), value): AccountId(account) for kind, value, account in rows}


async def find_and_lock(uow: UnitOfWork, wanted: Iterable[Identifier], others: Iterable[AccountId]) -> Known:
    """`find`, with the accounts `others` locked as well: one after the other in one order, whichever way each is known."""
    pairs = sorted(set(wanted))
    rows = await uow.fetch(_FIND_AND_LOCK, [i.kind.value for i in pairs], [i.value for i in pairs], sorted(set(others)))
    return {Identifier(IdentifierKind(kind), value): AccountId(account) for kind, value, account in rows if kind}


async def find_for(uow: UnitOfWork, wanted: Sequence[Identifier], *, partner_id: PartnerId) -> tuple[str | None, Known]:
    """`find`, and in the same statement the state of the partner who asks (None: unknown)."""
    rows = await uow.fetch(_FIND_WITH_PARTNER, [i.kind.value for i in wanted], [i.value for i in wanted], partner_id)
    known = {Identifier(IdentifierKind(kind), value): AccountId(account) for _, kind, value, account in rows if kind}
    return rows[0][0], known


async def lock(uow: UnitOfWork, ids: Iterable[AccountId]) -> None:
    """Hold the accounts until the transaction ends: what is decided about them is decided once."""
    if wanted := sorted(set(ids)):
        await uow.fetch(_LOCK, wanted)


async def add(uow: UnitOfWork, accounts: Sequence[NewAccount], names: dict[Identifier, AccountId]) -> bool:
    """Enter new accounts and new names of accounts. False if somebody else entered one of the names meanwhile:

    the new accounts and all of the names are then gone again, and must be looked up anew.
    """
    if not names:
        return True
    ids = [account.id for account in accounts]
    about = ids, [account.name for account in accounts], [account.country for account in accounts]
    entries = [name.kind.value for name in names], [name.value for name in names], list(names.values())
    entered = await uow.fetch(_ADD, *about, uow.now, *entries)
    if len(entered) == len(names):
        if renamed := sorted(set(names.values()) - set(ids)):
            await uow.fetch(_RENAMED, renamed)
        return True
    await uow.fetch(_FORGET_IDENTIFIERS, [kind for kind, _ in entered], [value for _, value in entered])
    await uow.fetch(_FORGET_ACCOUNTS, ids)
    return False
