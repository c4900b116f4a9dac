"""The review queue: one row for each registration that a person decides, and what was done about it, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.values import DealId, PartnerId
from services.registration.store.tables.reviews import deal_reviews, review_steps
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound


class DealReviewState(StrEnum):
    """Where a registration stands in the queue."""

    IN_REVIEW = "in_review"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ReviewStep(StrEnum):
    """What can be done about a registration in review."""

    SUBMITTED = "submitted"
    ASSIGNED = "assigned"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    RETURNED = "returned"
    RESUBMITTED = "resubmitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealReview:
    """One registration in the queue; `asked` is what the partner was asked for last."""

    deal_id: DealId
    partner_id: PartnerId
    reasons: tuple[str, ...]
    state: DealReviewState
    owner: str | None
    asked: str | None
    submitted_at: datetime
    due_at: datetime
    reminded_at: datetime | None
    escalated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: when, by whom, and what was said."""

    at: datetime
    by: str
    step: ReviewStep
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which part of the queue a list shows."""

    state: DealReviewState | None = None
    owner: str | None = None
    overdue_at: datetime | None = None


_ENTER = """
insert into deal_reviews (deal_id, partner_id, reasons, state, owner, submitted_at, due_at, remind_at)
values ($1, $2, $3::jsonb, 'in_review', $4, $5, $6, $7)
on conflict (deal_id) do update set state = 'in_review', asked = null, reminded_at = null, escalated_at = null,
    submitted_at = excluded.submitted_at, due_at = excluded.due_at, remind_at = excluded.remind_at"""
_NOTE = "insert into review_steps (deal_id, partner_id, at, by, step, text) values ($1, $2, $3, $4, $5, $6)"
_COUNT = "select count(*) from review_steps where deal_id = $1"
_MOVE = "update deal_reviews set state = $2, asked = coalesce($3, asked) where deal_id = $1"
_ASSIGN = "update deal_reviews set owner = $2 where deal_id = $1 returning 1"
# Both rows or neither: what is noted of a review refers to its deal, which whoever decides holds before the review.
_BOTH = "for key share of d skip locked for update of r skip locked"
_REMIND = f"""
update deal_reviews set reminded_at = $1 where deal_id in (
    select r.deal_id from deal_reviews r join deals d on d.id = r.deal_id
    where r.state = 'in_review' and r.remind_at <= $1 and r.due_at > $1 and r.reminded_at is null order by r.due_at limit $2 {_BOTH})
returning deal_id, partner_id, owner"""  # noqa: S608 - our own text
_ESCALATE = f"""
update deal_reviews set escalated_at = $1, owner = coalesce($3, owner) where deal_id in (
    select r.deal_id from deal_reviews r join deals d on d.id = r.deal_id
    where r.state = 'in_review' and r.due_at <= $1 and r.escalated_at is null order by r.due_at limit $2 {_BOTH})
returning deal_id, partner_id, owner"""  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class Late:
    """A registration whose review is late, or soon will be."""

    deal_id: DealId
    partner_id: PartnerId
    owner: str | None


async def enter(
    uow: UnitOfWork,
    deal_id: DealId,
    partner_id: PartnerId,
    *,
    reasons: Sequence[str],
    owner: str | None,
    due_at: datetime,
    remind_at: datetime,
) -> None:
    """Put it into the queue; one that was returned comes back, with a new limit and its former owner."""
    told = orjson.dumps(list(reasons)).decode()
    await uow.fetch(_ENTER, deal_id, partner_id, told, owner, uow.now, due_at, remind_at)


async def note(uow: UnitOfWork, deal_id: DealId, partner_id: PartnerId, step: ReviewStep, *, by: str, text: str = "") -> None:
    """Write down a step for good."""
    await uow.fetch(_NOTE, deal_id, partner_id, uow.now, by, step.value, text)


async def steps_noted(uow: UnitOfWork, deal_id: DealId) -> int:
    """How many steps the review has on record: its version, as they are only added."""
    return int((await uow.fetch(_COUNT, deal_id))[0][0])


async def move(uow: UnitOfWork, deal_id: DealId, state: DealReviewState, *, asked: str | None = None) -> None:
    """The registration has moved on."""
    await uow.fetch(_MOVE, deal_id, state.value, asked)


async def assign(uow: UnitOfWork, deal_id: UUID, owner: str) -> None:
    """Give it to somebody. Raises NotFound."""
    if not await uow.fetch(_ASSIGN, deal_id, owner):
        raise NotFound(what="review")


async def to_remind(uow: UnitOfWork, *, limit: int) -> list[Late]:
    """Reviews that will be late soon, marked as reminded."""
    return [Late(DealId(d), PartnerId(p), owner) for d, p, owner in await uow.fetch(_REMIND, uow.now, limit)]


async def to_escalate(uow: UnitOfWork, *, to: str | None, limit: int) -> list[Late]:
    """Reviews that are late, marked as escalated and given to `to`."""
    return [Late(DealId(d), PartnerId(p), owner) for d, p, owner in await uow.fetch(_ESCALATE, uow.now, limit, to)]


async def one(uow: UnitOfWork, deal_id: UUID) -> DealReview:
    """Raises NotFound."""
    found = (await uow.execute(sa.select(deal_reviews).where(deal_reviews.c.deal_id == deal_id))).first()
    if found is None:
        raise NotFound(what="review")
    return _review(found)


async def listed(uow: UnitOfWork, wanted: Filter, *, after: tuple[datetime, UUID] | None, limit: int) -> list[DealReview]:
    """At most `limit` of the queue after `after`, the most urgent first."""
    table = deal_reviews.c
    query = sa.select(deal_reviews).order_by(table.due_at, table.deal_id).limit(limit)
    if wanted.state is not None:
        query = query.where(table.state == wanted.state.value)
    if wanted.owner is not None:
        query = query.where(table.owner == wanted.owner)
    if wanted.overdue_at is not None:
        query = query.where(table.due_at <= wanted.overdue_at, table.state == DealReviewState.IN_REVIEW.value)
    if after is not None:
        query = query.where(sa.tuple_(table.due_at, table.deal_id) > sa.tuple_(*after))
    return [_review(row) for row in (await uow.execute(query)).all()]


async def steps(uow: UnitOfWork, deal_id: UUID) -> list[Taken]:
    """All that was done about one registration, in order."""
    query = sa.select(review_steps).where(review_steps.c.deal_id == deal_id).order_by(review_steps.c.id)
    return [Taken(row.at, row.by, ReviewStep(row.step), row.text) for row in (await uow.execute(query)).all()]


async def asked_of(uow: UnitOfWork, deal_id: UUID) -> str | None:
    """What the partner is asked for at present."""
    query = sa.select(deal_reviews.c.asked).where(deal_reviews.c.deal_id == deal_id, deal_reviews.c.state == DealReviewState.RETURNED.value)
    asked: str | None = (await uow.execute(query)).scalar()
    return asked


def _review(row: Row) -> DealReview:
    return DealReview(
        deal_id=DealId(row.deal_id),
        partner_id=PartnerId(row.partner_id),
        reasons=tuple(row.reasons),
        state=DealReviewState(row.state),
        owner=row.owner,
        asked=row.asked,
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        reminded_at=row.reminded_at,
        escalated_at=row.escalated_at,
    )
