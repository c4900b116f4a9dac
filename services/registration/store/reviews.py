"""What is put up for review: customers that could not be told apart, or that are probably somebody known."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.likeness import Likeness
from services.registration.domain.values import AccountId, PartnerId
from services.registration.store.documents import loaded
from services.registration.store.tables.deals import account_reviews as reviews
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound
from shared.chassis.ids import derived_id
from shared.chassis.values import replace

_RAISE = """
insert into account_reviews (id, partner_id, account_name, identifiers, reason, raised_at, account_id)
values ($1, $2, $3, $4::jsonb, $5, $6, $7) on conflict do nothing returning 1"""
_LIKEN = """
insert into account_likenesses (review_id, account_id, score, reasons)
select $1, a, s, r::jsonb from unnest($2::uuid[], $3::int[], $4::text[]) l(a, s, r)"""
_LIKENESSES = """
select review_id, account_id, score, reasons from account_likenesses where review_id = any($1::uuid[]) order by score desc, account_id"""
_UNDECIDED = """
select l.account_id, l.score, l.reasons from account_reviews r join account_likenesses l on l.review_id = r.id
where r.account_id = $1 and r.state = 'open' order by l.score desc, l.account_id"""
_ONE = "select * from account_reviews where id = $1 for update"
_DECIDE = "update account_reviews set state = $2, decided_by = $3, decided_at = $4, decided_because = $5 where id = $1"
# A question about accounts that are all one by now is answered.
_SETTLE = """
with recursive one(id) as (select $1::uuid union all select a.id from one join accounts a on a.merged_into = one.id)
update account_reviews r set state = 'same', decided_by = $2, decided_at = $3, decided_because = $4
where r.state = 'open' and r.account_id in (select id from one) and not exists (
  select from account_likenesses l where l.review_id = r.id and l.account_id not in (select id from one))"""
_ASKED = """
select r.account_id, l.account_id from account_reviews r join account_likenesses l on l.review_id = r.id
where r.account_id = any($1::uuid[])
union select l.account_id, r.account_id from account_likenesses l join account_reviews r on r.id = l.review_id
where l.account_id = any($1::uuid[]) and r.account_id is not null"""


class AccountReviewState(StrEnum):
    """Whether somebody has decided: the customer is one of those it is like, or is another."""

    OPEN = "open"
    SAME = "same"
    DIFFERENT = "different"


class Why(StrEnum):
    """Why somebody has to look."""

    AMBIGUOUS = "account_ambiguous"
    PROBABLE = "account_probable"
    LINKED = "account_linked"


@dataclass(frozen=True, slots=True)
class Review:
    """A customer as a partner gave it. Without `account_id` its identifiers name several accounts; else it was entered as that one."""

    id: UUID
    partner_id: UUID
    account_name: str
    identifiers: tuple[Identifier, ...]
    reason: str
    raised_at: datetime
    account_id: AccountId | None = None
    state: AccountReviewState = AccountReviewState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decided_because: str | None = None
    likenesses: tuple[Likeness, ...] = ()


async def undecided(uow: UnitOfWork, account_id: AccountId) -> tuple[Likeness, ...]:
    """Whom the account is still thought to be the same as, whoever registered it. For staff alone: reach every side to see it."""
    rows = await uow.fetch(_UNDECIDED, account_id)
    return tuple(Likeness(AccountId(id_), score, tuple(loaded(reasons))) for id_, score, reasons in rows)


async def put_up(uow: UnitOfWork, partner_id: PartnerId, *, name: str, wanted: Sequence[Identifier], reason: str) -> None:
    """Put a customer that names several accounts up for review, once for each partner that names it so."""
    await _raise(uow, derived_id("review", partner_id, *_flat(wanted)), partner_id, (name, wanted, reason, None))


async def put_up_doubt(
    uow: UnitOfWork,
    partner_id: PartnerId,
    account_id: AccountId,
    *,
    name: str,
    wanted: Sequence[Identifier],
    like: Sequence[Likeness],
    why: Why,
) -> None:
    """Put an account that is like others up for review, with the likenesses for staff to see; the same ones once for each partner."""
    review_id = derived_id("doubt", partner_id, account_id, *(one.account_id for one in like))
    if await _raise(uow, review_id, partner_id, (name, wanted, why.value, account_id)):
        reasons = [orjson.dumps(one.reasons).decode() for one in like]
        await uow.fetch(_LIKEN, review_id, [one.account_id for one in like], [one.score for one in like], reasons)


async def _raise(
    uow: UnitOfWork, review_id: UUID, partner_id: PartnerId, about: tuple[str, Sequence[Identifier], str, AccountId | None]
) -> bool:
    name, wanted, reason, account_id = about
    names = orjson.dumps([[i.kind.value, i.value] for i in wanted]).decode()
    return bool(await uow.fetch(_RAISE, review_id, partner_id, name, names, reason, uow.now, account_id))


def _flat(wanted: Iterable[Identifier]) -> list[str]:
    return [text for identifier in wanted for text in (identifier.kind.value, identifier.value)]


async def listed(uow: UnitOfWork, *, state: AccountReviewState, after: UUID | None, limit: int) -> Sequence[Review]:
    """At most `limit` reviews in this state after `after`, with their likenesses."""
    query = sa.select(reviews).where(reviews.c.state == state.value).order_by(reviews.c.id).limit(limit)
    if after is not None:
        query = query.where(reviews.c.id > after)
    found = [_read(row) for row in (await uow.execute(query)).all()]
    return await _with_likenesses(uow, found)


async def one(uow: UnitOfWork, review_id: UUID) -> Review:
    """The review, locked, with its likenesses. Raises NotFound."""
    found = await uow.fetch(_ONE, review_id)
    if not found:
        raise NotFound(what="review")
    return (await _with_likenesses(uow, [_read(found[0])]))[0]


async def decide(uow: UnitOfWork, review: Review, state: AccountReviewState, *, by: str, because: str) -> Review:
    """Write the decision down."""
    await uow.fetch(_DECIDE, review.id, state.value, by, uow.now, because)
    return replace(review, state=state, decided_by=by, decided_at=uow.now, decided_because=because)


async def settle(uow: UnitOfWork, into: AccountId, *, by: str, because: str) -> None:
    """Another was merged into it: open reviews that ask about nobody but those that it carries on for are decided by that."""
    await uow.fetch(_SETTLE, into, by, uow.now, because)


async def asked(uow: UnitOfWork, accounts: Iterable[AccountId]) -> set[tuple[AccountId, AccountId]]:
    """The pairs with one of `accounts` first that were put up before, decided or not."""
    rows = await uow.fetch(_ASKED, sorted(set(accounts)))
    return {(AccountId(one_), AccountId(other)) for one_, other in rows}


def _read(row: Row) -> Review:
    names = loaded(row.identifiers)
    return Review(
        row.id,
        row.partner_id,
        row.account_name,
        tuple(Identifier(IdentifierKind(kind), value) for kind, value in names),
        row.reason,
        row.raised_at,
        AccountId(row.account_id) if row.account_id else None,
        AccountReviewState(row.state),
        row.decided_by,
        row.decided_at,
        row.decided_because,
    )


async def _with_likenesses(uow: UnitOfWork, found: Sequence[Review]) -> list[Review]:
    of: defaultdict[UUID, list[Likeness]] = defaultdict(list)
    for review_id, account_id, score, reasons in await uow.fetch(_LIKENESSES, [review.id for review in found]):
        said = loaded(reasons)
        of[review_id].append(Likeness(AccountId(account_id), score, tuple(said)))
    return [replace(review, likenesses=tuple(of[review.id])) for review in found]
