"""Who belongs to whom, and which accounts were told apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.registration.domain.accounts.likeness import Likeness
from services.registration.domain.values import AccountId, PartnerId
from shared.chassis.database import UnitOfWork

Pair = tuple[AccountId, AccountId]

_COLUMNS = "id, parent_id, child_id, kind, source, valid_from, valid_until, recorded_by, recorded_at"
_ADD = f"insert into account_links ({_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: S608 - column names
_OF = f"select {_COLUMNS} from account_links where parent_id = any($1::uuid[]) or child_id = any($1::uuid[]) order by id"  # noqa: S608
_END = """
update account_links set valid_until = $3
where id = $1 and (parent_id = $2 or child_id = $2) and (valid_until is null or valid_until > $3) returning 1"""
_ABOVE = """
with recursive above(id) as (
  select parent_id from account_links where child_id = $1 and (valid_until is null or valid_until > $2)
  union select l.parent_id from above join account_links l on l.child_id = above.id where l.valid_until is null or l.valid_until > $2
) select 1 from above where id = $3"""
# What a merge makes of links: between the two of them there is none any more.
_MOVE = """
update account_links set parent_id = case parent_id when $1 then $2 else parent_id end,
  child_id = case child_id when $1 then $2 else child_id end
where (parent_id = $1 or child_id = $1) and not (parent_id = $2 or child_id = $2)"""
_DROP_BETWEEN = "delete from account_links where (parent_id = $1 and child_id = $2) or (parent_id = $2 and child_id = $1)"
_MOVE_SOME = """
update account_links set parent_id = case parent_id when $1 then $2 else parent_id end,
  child_id = case child_id when $1 then $2 else child_id end
where (parent_id = $1 or child_id = $1) and id = any($3::uuid[]) returning id"""
# Others' protections alone are worth a look; row-level security shows a partner its own deals and hides the rest.
_HELD_BY_OTHERS = """
select o.id, o.is_parent, a.name, o.kind from (
  select parent_id as id, true as is_parent, kind, valid_from, valid_until from account_links where child_id = $1
  union all select child_id, false, kind, valid_from, valid_until from account_links where parent_id = $1
) o join accounts a on a.id = o.id
where o.valid_from <= $2 and (o.valid_until is null or o.valid_until > $2)
and exists (
  select 1 from protection_slots s left join deals d on d.id = s.deal_id
  where s.account_id = o.id and upper(s.during) > $2 and d.partner_id is distinct from $3)
and not exists (select 1 from account_distinctions where low_id = least(o.id, $1) and high_id = greatest(o.id, $1))
order by o.id"""
_TELL_APART = """
insert into account_distinctions (low_id, high_id, decided_by, decided_at, because)
select l, h, $3, $4, $5 from unnest($1::uuid[], $2::uuid[]) p(l, h) on conflict do nothing"""
_APART = "select low_id, high_id from account_distinctions where low_id = any($1::uuid[]) or high_id = any($1::uuid[])"
_MERGE_APART = """
with gone as (delete from account_distinctions where low_id = $1 or high_id = $1 returning *)
insert into account_distinctions (low_id, high_id, decided_by, decided_at, because)
select least(o, $2), greatest(o, $2), decided_by, decided_at, because
from (select case low_id when $1 then high_id else low_id end as o, decided_by, decided_at, because from gone) moved where o <> $2
on conflict do nothing"""


class LinkKind(StrEnum):
    """What the child is to the parent."""

    SUBSIDIARY = "subsidiary"
    BRANCH = "branch"
    BRAND = "brand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`child` belongs to `parent`, over `[valid_from, valid_until)`, as `source` says."""

    id: UUID
    parent_id: AccountId
    child_id: AccountId
    kind: LinkKind
    source: str
    valid_from: datetime
    valid_until: datetime | None
    recorded_by: str
    recorded_at: datetime


async def add(uow: UnitOfWork, link: Link) -> None:
    """Enter a link."""
    until, recorded = (link.valid_from, link.valid_until), (link.recorded_by, link.recorded_at)
    await uow.fetch(_ADD, link.id, link.parent_id, link.child_id, link.kind.value, link.source, *until, *recorded)


async def of(uow: UnitOfWork, *accounts: AccountId) -> list[Link]:
    """The links of the accounts, past ones too."""
    return [
        Link(
            id=id_,
            parent_id=AccountId(parent),
            child_id=AccountId(child),
            kind=LinkKind(kind),
            source=source,
            valid_from=start,
            valid_until=until,
            recorded_by=by,
            recorded_at=at,
        )
        for id_, parent, child, kind, source, start, until, by, at in await uow.fetch(_OF, list(accounts))
    ]


async def end(uow: UnitOfWork, account_id: AccountId, link_id: UUID) -> bool:
    """The link holds no longer; False if it is none of the account or has ended."""
    return bool(await uow.fetch(_END, link_id, account_id, uow.now))


async def is_above(uow: UnitOfWork, account_id: AccountId, *, child: AccountId) -> bool:
    """Whether `account_id` is above `child`; an account that is above itself is in a ring."""
    return bool(await uow.fetch(_ABOVE, child, uow.now, account_id))


async def lock_rings(uow: UnitOfWork) -> None:
    """One change of who belongs to whom at a time: a ring may close through accounts that neither of two requests names."""
    await uow.lock("account links")


async def merge(uow: UnitOfWork, account_id: AccountId, *, into: AccountId) -> None:
    """The links and distinctions of an account are its successor's."""
    await uow.fetch(_DROP_BETWEEN, account_id, into)
    await uow.fetch(_MOVE, account_id, into)
    await uow.fetch(_MERGE_APART, account_id, into)


async def move(uow: UnitOfWork, account_id: AccountId, link_ids: Sequence[UUID], *, to: AccountId) -> set[UUID]:
    """These links of the account are `to`'s from now on; returns those that were its."""
    return {row[0] for row in await uow.fetch(_MOVE_SOME, account_id, to, list(link_ids))}


async def held_by_others(uow: UnitOfWork, account_id: AccountId, partner_id: PartnerId) -> tuple[Likeness, ...]:
    """Parents and children of the account on which somebody else's protection runs, as likenesses; none that were told apart."""
    reasons: dict[AccountId, list[str]] = {}  # one company may belong to another in several ways
    for id_, is_parent, name, kind in await uow.fetch(_HELD_BY_OTHERS, account_id, uow.now, partner_id):
        reasons.setdefault(AccountId(id_), []).append(f"{kind} of {name}" if is_parent else f"{name} is its {kind}")
    return tuple(Likeness(other, 100, tuple(dict.fromkeys(said))) for other, said in reasons.items())


async def tell_apart(uow: UnitOfWork, pairs: Iterable[Pair], *, by: str, because: str) -> None:
    """Remember that these are two, so that nobody is asked again."""
    ordered = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    await uow.fetch(_TELL_APART, [low for low, _ in ordered], [high for _, high in ordered], by, uow.now, because)


async def apart(uow: UnitOfWork, accounts: Iterable[AccountId]) -> set[Pair]:
    """Pairs with one of `accounts` in it that were told apart, both ways round."""
    rows = await uow.fetch(_APART, sorted(set(accounts)))
    return {(AccountId(a), AccountId(b)) for low, high in rows for a, b in ((low, high), (high, low))}
