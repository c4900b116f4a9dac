"""Blocking keys of accounts: entered, replaced, and asked for the few accounts that are worth comparing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.likeness import Matching
from services.registration.domain.accounts.profile import Profile, keys, profile
from services.registration.domain.values import AccountId
from shared.chassis.database import UnitOfWork

Keys = Mapping[AccountId, Sequence[int]]

_MOST_NAMES = 40  # of one candidate
_ENTER = """
insert into account_keys (key, account_id) select k, a from unnest($1::uuid[], $2::bigint[]) w(a, k) order by k, a on conflict do nothing"""
_DROP = "delete from account_keys where account_id = any($1::uuid[])"
# Every key costs one look into the index and at most `crowd` + 1 of its entries, however many accounts there are. Those come first that
# share keys which few others have. Without "order by" a plan made while the table is small reads all of it for a limit of some.
_LOOK = f"""
named as materialized (
  select w.a, array(select k.account_id from account_keys k where k.key = w.k order by k.account_id limit $3 + 1) as ids
  from unnest($1::uuid[], $2::bigint[]) w(a, k)
), counted as (
  select a, id, row_number() over (partition by a order by sum(1.0 / cardinality(ids)) desc, id) as place
  from named cross join lateral unnest(ids) id where cardinality(ids) <= $3 and id <> a group by a, id
)
select c.a, c.id, i.kind, i.value from counted c cross join lateral (
  select kind, value from account_identifiers where account_id = c.id and kind <> 'crm' limit {_MOST_NAMES}
) i where c.place <= $4"""  # noqa: S608 - a number of our own
_LOOK_ONLY = f"with {_LOOK}"
_ENTER_AND_LOOK = f"with entered as ({_ENTER}), {_LOOK}"
_IDENTIFIERS = "select account_id, kind, value from account_identifiers where account_id = any($1::uuid[]) order by kind, value"

Candidates = dict[AccountId, dict[AccountId, Profile]]


async def enter_and_look(uow: UnitOfWork, new: Mapping[AccountId, Profile], *, matching: Matching) -> Candidates:
    """Enter new accounts' keys and find whom they name already; several are found by each other, too (one needs one statement)."""
    wanted = {account: keys(of) for account, of in new.items()}
    if len(wanted) == 1:
        return await _looked(uow, _ENTER_AND_LOOK, wanted, matching)
    await uow.fetch(_ENTER, *_columns(wanted))
    return await look(uow, wanted, matching=matching)


async def look(uow: UnitOfWork, wanted: Keys, *, matching: Matching) -> Candidates:
    """Whom the keys name besides the accounts that they are asked for; keys that name a crowd name nobody."""
    return await _looked(uow, _LOOK_ONLY, wanted, matching)


async def _looked(uow: UnitOfWork, sql: str, wanted: Keys, matching: Matching) -> Candidates:
    owners, numbers = _columns(wanted)
    rows = await uow.fetch(sql, owners, numbers, matching.crowd, matching.candidates) if owners else ()
    found: defaultdict[AccountId, defaultdict[AccountId, list[Identifier]]] = defaultdict(lambda: defaultdict(list))
    for owner, account, kind, value in rows:
        found[AccountId(owner)][AccountId(account)].append(Identifier(IdentifierKind(kind), value))
    return {owner: {account: profile(names) for account, names in each.items()} for owner, each in found.items()}


def _columns(wanted: Keys) -> tuple[list[AccountId], list[int]]:
    pairs = [(account, number) for account, numbers in wanted.items() for number in numbers]
    return [account for account, _ in pairs], [number for _, number in pairs]


async def replace(uow: UnitOfWork, accounts: Iterable[AccountId]) -> dict[AccountId, tuple[int, ...]]:
    """Give the accounts the keys of the identifiers that they have now; returns the keys."""
    ids = sorted(set(accounts))
    made = {account: keys(profile(names)) for account, names in (await identifiers_of(uow, ids)).items()}
    await uow.fetch(_DROP, ids)
    await uow.fetch(_ENTER, *_columns(made))
    return made


async def identifiers_of(uow: UnitOfWork, accounts: Iterable[AccountId]) -> dict[AccountId, list[Identifier]]:
    """The identifiers of each account."""
    ids = sorted(set(accounts))
    found: dict[AccountId, list[Identifier]] = {account: [] for account in ids}
    for account, kind, value in await uow.fetch(_IDENTIFIERS, ids):
        found[AccountId(account)].append(Identifier(IdentifierKind(kind), value))
    return found
