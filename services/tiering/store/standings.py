"""Where every partner stands: the tier it holds, and the place that the last evaluation gave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from services.tiering.domain.evaluations import Move
from services.tiering.domain.tiers import Tier
from services.tiering.domain.transitions import Holding, Pending
from services.tiering.store.tables import evaluations, partners, results, standings
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row

_HELD = "select partner_id, tier, since, pending_tier, pending_due, version from standings order by partner_id for update"
_SAVE = """
insert into standings (partner_id, version, tier, since, pending_tier, pending_due, evaluation_id, reason)
select p, v, t, s, pt, pd, $1, r
from unnest($2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[], $7::timestamptz[], $8::text[]) as x(p, v, t, s, pt, pd, r)
order by p
on conflict (partner_id) do update set
    version = excluded.version, tier = excluded.tier, since = excluded.since, pending_tier = excluded.pending_tier,
    pending_due = excluded.pending_due, evaluation_id = excluded.evaluation_id, reason = excluded.reason"""
_DUE = """
select 1 from standings join partners using (partner_id) where pending_due <= $1 and partners.status = 'active' limit 1"""
_APART = """
select r.partner_id, r.currency, sum(r.revenue_minor)::bigint
from revenue r join standings s on s.partner_id = r.partner_id join evaluations e on e.evaluation_id = s.evaluation_id
where r.partner_id = any($1::uuid[]) and r.currency <> $2
    and r.closed_at <= e.as_of and r.closed_at > e.as_of - make_interval(months => $3::int)
group by r.partner_id, r.currency order by r.currency"""
_LAST = 2**31 - 1
"""Rank of those who are not ranked: they come last in a list."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One partner's tier with the figures behind it; `rank` is None while the partner is not ranked."""

    partner_id: UUID
    tier: Tier
    since: datetime
    pending: Pending | None
    evaluation_id: UUID
    as_of: datetime
    rank: int | None
    population: int
    score: Decimal
    revenue_minor: int
    points: Decimal
    certified: int
    earned: Tier
    reason: str
    version: int
    order: int


async def held(uow: UnitOfWork) -> tuple[dict[UUID, Holding], dict[UUID, int]]:
    """Every partner's holding, and the version of each."""
    rows = await uow.fetch(_HELD)
    return {row.partner_id: _holding(row) for row in rows}, {row.partner_id: row.version for row in rows}


async def save(uow: UnitOfWork, evaluation_id: UUID, moved: Sequence[tuple[Move, int, str]]) -> None:
    """Write what an evaluation made of partners: the move, the new version, the reason."""
    rows = [
        (
            move.holding.partner_id,
            version,
            move.holding.tier.value,
            move.holding.since,
            move.holding.pending.to.value if move.holding.pending else None,
            move.holding.pending.due if move.holding.pending else None,
            reason,
        )
        for move, version, reason in moved
    ]
    if rows:
        await uow.fetch(_SAVE, evaluation_id, *zip(*rows, strict=True))


async def any_due(uow: UnitOfWork, now: datetime) -> bool:
    """Whether a partner that may be ranked has a fall whose grace has ended."""
    return bool(await uow.fetch(_DUE, now))


async def page(
    uow: UnitOfWork, *, limit: int, after: tuple[int, UUID] | None, partner_id: UUID | None, tier: Tier | None
) -> list[Standing]:
    """Standings by rank; with `partner_id` that partner's alone."""
    statement = _STANDING.order_by(_ORDER, standings.c.partner_id).limit(limit)
    if partner_id is not None:
        statement = statement.where(standings.c.partner_id == partner_id)
    if after is not None:
        position = sa.tuple_(sa.literal(after[0], sa.BigInteger), sa.literal(after[1], sa.Uuid))
        statement = statement.where(sa.tuple_(_ORDER, standings.c.partner_id) > position)
    if tier is not None:
        statement = statement.where(standings.c.tier == tier.value)
    return [_standing(row) for row in await uow.execute(statement)]


async def of_partner(uow: UnitOfWork, partner_id: UUID) -> Standing | None:
    """One partner's standing; None if it has none yet or it is not the caller's to see."""
    row = (await uow.execute(_STANDING.where(standings.c.partner_id == partner_id))).one_or_none()
    return None if row is None else _standing(row)


async def revenue_apart(uow: UnitOfWork, partner_ids: Sequence[UUID], *, currency: str, months: int) -> dict[UUID, dict[str, int]]:
    """Net won revenue in other currencies over the same window: listed, but not in the score."""
    found: dict[UUID, dict[str, int]] = {}
    for partner_id, other, minor in await uow.fetch(_APART, list(partner_ids), currency, months):
        found.setdefault(partner_id, {})[other] = minor
    return found


_ORDER = sa.case((partners.c.status == "active", results.c.rank), else_=_LAST)
_STANDING = (
    sa.select(
        standings,
        results.c.score,
        results.c.revenue_minor,
        results.c.certification_points,
        results.c.certified_people,
        results.c.earned,
        evaluations.c.as_of,
        evaluations.c.population,
        partners.c.status,
        _ORDER.label("position"),
    )
    .join(results, sa.and_(results.c.evaluation_id == standings.c.evaluation_id, results.c.partner_id == standings.c.partner_id))
    .join(evaluations, evaluations.c.evaluation_id == standings.c.evaluation_id)
    .join(partners, partners.c.partner_id == standings.c.partner_id)
)


def _holding(row: Row) -> Holding:
    pending = Pending(Tier(row.pending_tier), row.pending_due) if row.pending_due else None
    return Holding(row.partner_id, Tier(row.tier), row.since, pending)


def _standing(row: Row) -> Standing:
    ranked = row.status == "active"
    return Standing(
        partner_id=row.partner_id,
        tier=Tier(row.tier),
        since=row.since,
        pending=_holding(row).pending,
        evaluation_id=row.evaluation_id,
        as_of=row.as_of,
        rank=row.position if ranked else None,
        population=row.population,
        score=row.score,
        revenue_minor=row.revenue_minor,
        points=row.certification_points,
        certified=row.certified_people,
        earned=Tier(row.earned),
        reason=row.reason if ranked else f"not ranked: {row.status}",
        version=row.version,
        order=row.position,
    )
