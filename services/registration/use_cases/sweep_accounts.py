"""Look at accounts that nobody has looked at: those of imports, those entered at the same moment as their like, those of before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.accounts.identifiers import Identifier, name_identifiers
from services.registration.domain.accounts.likeness import likenesses
from services.registration.domain.accounts.profile import profile
from services.registration.domain.refusals import AccountNameMissing
from services.registration.domain.values import AccountId, PartnerId
from services.registration.policy import Policy
from services.registration.store import account_book, account_keys, account_links, reviews
from services.registration.store.account_links import Pair
from services.registration.store.reviews import Why
from shared.chassis.database import UnitOfWork

_PORTION = 50  # their locks are held meanwhile
# Whoever works on an account at this moment has it unswept or in hand; it comes next time.
_UNSWEPT = """
select id, name, country from accounts where not swept and merged_into is null order by id limit $1 for no key update skip locked"""
_DONE = "update accounts set swept = true where id = any($1::uuid[])"
_GIVEN = "select distinct account_id, account_name, country from deals where account_id = any($1::uuid[])"
_WHOSE = """
select distinct on (account_id) account_id, partner_id from deals where account_id = any($1::uuid[])
order by account_id, registered_at desc, id"""


@dataclass(frozen=True, slots=True)
class _Unswept:
    id: AccountId
    name: str


async def sweep_accounts(uow: UnitOfWork, *, policy: Policy) -> int:
    """One portion; returns how many. Gives each account its keys and the names that today's rules make, and puts up whom it is like.

    Only what has committed is seen, and what commits later is swept later: of two that come at once, the second sees the first.
    """
    rows = await uow.fetch(_UNSWEPT, _PORTION)
    unswept = [_Unswept(AccountId(row.id), row.name) for row in rows]
    ids = [one.id for one in unswept]
    if not ids:
        return 0
    await uow.plan_for_arrays()
    await _name_anew(uow, {one.id: (row.name, row.country) for one, row in zip(unswept, rows, strict=True)})
    keys = await account_keys.replace(uow, ids)
    candidates = await account_keys.look(uow, keys, matching=policy.matching)
    settled = await account_links.apart(uow, ids) | await reviews.asked(uow, ids)
    await _put_up(uow, unswept, candidates, settled, policy=policy)
    await uow.fetch(_DONE, ids)
    return len(ids)


async def _name_anew(uow: UnitOfWork, named: Mapping[AccountId, tuple[str, str | None]]) -> None:
    """Enter the identifiers that today's rules make of each name the account was ever given. One that is another's stays there."""
    given: defaultdict[AccountId, set[tuple[str, str | None]]] = defaultdict(set)
    for account, pair in named.items():
        given[account].add(pair)
    for account, name, country in await uow.fetch(_GIVEN, list(named)):
        given[AccountId(account)].add((name, country))
    known = await account_keys.identifiers_of(uow, named)
    for account, pairs in given.items():
        if new := _identifiers(pairs) - set(known[account]):
            added = await account_book.add_names(uow, account, sorted(new))
            await account_book.count(uow, *([account] if added else []))


def _identifiers(pairs: set[tuple[str, str | None]]) -> set[Identifier]:
    found: set[Identifier] = set()
    for name, country in pairs:
        try:
            found |= name_identifiers(name, country)
        except AccountNameMissing:
            continue
    return found


async def _put_up(
    uow: UnitOfWork, unswept: Sequence[_Unswept], candidates: account_keys.Candidates, settled: set[Pair], *, policy: Policy
) -> None:
    identifiers = await account_keys.identifiers_of(uow, [one.id for one in unswept if one.id in candidates])
    whose = await _partners(uow, [one.id for one in unswept])
    for one in unswept:
        if one.id not in candidates or one.id not in whose:
            continue
        names = identifiers[one.id]
        besides = {other for mine, other in settled if mine == one.id}
        like = likenesses(profile(names), candidates[one.id], matching=policy.matching, besides=besides)
        if like:
            await reviews.put_up_doubt(uow, whose[one.id], one.id, name=one.name, wanted=names, like=like, why=Why.PROBABLE)
            settled |= {(other.account_id, one.id) for other in like}


async def _partners(uow: UnitOfWork, ids: Sequence[UUID]) -> dict[AccountId, PartnerId]:
    """Who registered the latest deal on each account; one without a deal asks no question."""
    return {AccountId(account): PartnerId(partner) for account, partner in await uow.fetch(_WHOSE, list(ids))}
