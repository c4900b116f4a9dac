"""Rank every partner as of an instant, and move those whose tier that changes."""

from dataclasses import dataclass
from datetime import datetime

from services.tiering.domain.calendar import months_before
from services.tiering.domain.evaluations import AsOfInFuture, Evaluation, Move, Trigger, count, moves
from services.tiering.domain.ranking import Ranked, rank
from services.tiering.domain.reasons import reason_of
from services.tiering.domain.scoring import score
from services.tiering.domain.tiers import Policy
from services.tiering.mapping import published
from services.tiering.policy import TieringPolicy
from services.tiering.store import evaluations, measures, standings
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id
from shared.chassis.policies import Policies

_LOCK = "tiering:evaluation"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the instant, why, by whom, and who counts (`enrolled_by`; None: every active partner)."""

    as_of: datetime
    trigger: Trigger
    requested_by: str
    enrolled_by: datetime | None = None


async def evaluate(uow: UnitOfWork, policies: Policies[TieringPolicy], request: Request) -> Evaluation:
    """Rank by the policy in force at `as_of`. Raises AsOfInFuture.

    An instant before the last evaluation is a look back: it ranks and is recorded, but moves nobody.
    """
    if request.as_of > uow.now:
        raise AsOfInFuture(as_of=request.as_of.isoformat())
    await uow.lock(_LOCK)
    version, section = await policies.at(uow, request.as_of)
    ranked = await _rank(uow, section.rules(), request)
    last = await evaluations.last_applied(uow)
    evaluation = Evaluation(
        id=new_id(),
        as_of=request.as_of,
        trigger=request.trigger,
        policy_version=version,
        applied=last is None or last <= request.as_of,
        population=len(ranked),
        earned=count(ranked),
        evaluated_at=uow.now,
        requested_by=request.requested_by,
    )
    await evaluations.save(uow, evaluation, ranked)
    if evaluation.applied:
        await _apply(uow, evaluation, ranked, policy=section.rules())
    return evaluation


async def _rank(uow: UnitOfWork, policy: Policy, request: Request) -> tuple[Ranked, ...]:
    population = await measures.population(
        uow,
        since=months_before(request.as_of, policy.window_months),
        as_of=request.as_of,
        currency=policy.currency,
        enrolled_by=request.enrolled_by,
    )
    return rank((score(one, policy=policy) for one in population), policy=policy)


async def _apply(uow: UnitOfWork, evaluation: Evaluation, ranked: tuple[Ranked, ...], *, policy: Policy) -> None:
    holdings, versions = await standings.held(uow)
    moved = moves(ranked, held=holdings, policy=policy, now=evaluation.as_of, trigger=evaluation.trigger)
    saved = []
    for move in moved:
        reason = reason_of(move, policy=policy)
        version = versions.get(move.holding.partner_id, 0)
        saved.append((move, version + len(move.facts), reason))
        _emit(uow, evaluation, move, reason=reason, version=version)
    await standings.save(uow, evaluation.id, saved)


def _emit(uow: UnitOfWork, evaluation: Evaluation, move: Move, *, reason: str, version: int) -> None:
    for sequence, fact in enumerate(move.facts, start=version + 1):
        event = published(fact, reason=reason, evaluation_id=evaluation.id, as_of=evaluation.as_of, now=uow.now)
        uow.emit(event, sequence=sequence)
