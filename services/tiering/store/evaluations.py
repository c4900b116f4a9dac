"""Evaluations and the place of every partner in each of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.tiering.domain.evaluations import Evaluation, Trigger
from services.tiering.domain.ranking import Ranked
from services.tiering.domain.scoring import to_decimal
from services.tiering.domain.tiers import Tier
from services.tiering.store.tables import evaluations
from services.tiering.store.tables import results as results_table
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound

_RESULTS = """
insert into results
    (evaluation_id, partner_id, rank, score, revenue_minor, certification_points, certified_people, earned, reason)
select $1, * from unnest(
    $2::uuid[], $3::int[], $4::numeric[], $5::bigint[], $6::numeric[], $7::int[], $8::text[], $9::text[]
) as r(p, n, s, m, c, q, e, w)"""


async def save(uow: UnitOfWork, evaluation: Evaluation, ranked: Sequence[Ranked]) -> None:
    """Write an evaluation with all its results; neither ever changes."""
    await uow.execute(
        sa.insert(evaluations).values(
            evaluation_id=evaluation.id,
            as_of=evaluation.as_of,
            trigger=evaluation.trigger.value,
            policy_version=evaluation.policy_version,
            applied=evaluation.applied,
            population=evaluation.population,
            earned={tier.value: number for tier, number in evaluation.earned.items()},
            evaluated_at=evaluation.evaluated_at,
            requested_by=evaluation.requested_by,
        )
    )
    if ranked:
        await uow.fetch(_RESULTS, evaluation.id, *zip(*map(_result, ranked), strict=True))


def _result(entry: Ranked) -> tuple[object, ...]:
    scored = entry.scored
    points = to_decimal(scored.points)
    return (
        entry.partner_id,
        entry.rank,
        to_decimal(scored.score),
        scored.revenue_minor,
        points,
        scored.certified,
        entry.earned.value,
        entry.reason,
    )


async def last_applied(uow: UnitOfWork, *, whole: bool = False) -> datetime | None:
    """The instant of the newest evaluation that moved partners; with `whole`, of the newest that looked at all of them."""
    statement = sa.select(sa.func.max(evaluations.c.as_of)).where(evaluations.c.applied)
    if whole:
        statement = statement.where(evaluations.c.trigger != Trigger.GRACE.value)
    last: datetime | None = (await uow.execute(statement)).scalar_one()
    return last


async def get(uow: UnitOfWork, evaluation_id: UUID) -> Evaluation:
    """Raises NotFound."""
    row = (await uow.execute(sa.select(evaluations).where(evaluations.c.evaluation_id == evaluation_id))).one_or_none()
    if row is None:
        raise NotFound(what="evaluation")
    return _evaluation(row)


async def newest_first(uow: UnitOfWork, *, limit: int, before: UUID | None) -> list[Evaluation]:
    """Evaluations by time of making, newest first (ids are time-ordered)."""
    statement = sa.select(evaluations).order_by(evaluations.c.evaluation_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(evaluations.c.evaluation_id < before)
    return [_evaluation(row) for row in await uow.execute(statement)]


def _evaluation(row: Row) -> Evaluation:
    return Evaluation(
        id=row.evaluation_id,
        as_of=row.as_of,
        trigger=Trigger(row.trigger),
        policy_version=row.policy_version,
        applied=row.applied,
        population=row.population,
        earned={Tier(tier): number for tier, number in row.earned.items()},
        evaluated_at=row.evaluated_at,
        requested_by=row.requested_by,
    )


async def results(uow: UnitOfWork, evaluation_id: UUID, *, limit: int, after_rank: int) -> list[Row]:
    """Places in one evaluation, best first, after `after_rank`; row-level security leaves a partner its own."""
    places = results_table.c
    statement = sa.select(results_table).where(places.evaluation_id == evaluation_id, places.rank > sa.literal(after_rank, sa.BigInteger))
    return list(await uow.execute(statement.order_by(places.rank).limit(limit)))
