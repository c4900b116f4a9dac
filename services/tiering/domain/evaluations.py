"""One evaluation: who ranks where as of an instant, and what that changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.tiering.domain.ranking import Ranked
from services.tiering.domain.tiers import Policy, Tier
from services.tiering.domain.transitions import Fact, Holding, advance, place
from shared.chassis.errors import Refused


class AsOfInFuture(Refused):
    code = "as_of_in_future"
    status = 422
    sentence = "Partners cannot be ranked as of {as_of}: that is still to come."


class Trigger(StrEnum):
    """Why an evaluation ran."""

    DEMAND = "demand"
    SCHEDULE = "schedule"
    GRACE = "grace"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The record of one evaluation. `applied` is false for a look back: it ranks, but moves nobody."""

    id: UUID
    as_of: datetime
    trigger: Trigger
    policy_version: int
    applied: bool
    population: int
    earned: Mapping[Tier, int]
    evaluated_at: datetime
    requested_by: str


@dataclass(frozen=True, slots=True)
class Move:
    """What the evaluation did to one partner."""

    ranked: Ranked
    holding: Holding
    facts: tuple[Fact, ...]


def moves(ranked: Iterable[Ranked], *, held: Mapping[UUID, Holding], policy: Policy, now: datetime, trigger: Trigger) -> list[Move]:
    """Each partner's new holding. The end of a grace moves only the partners whose grace has ended."""
    found = []
    for entry in ranked:
        holding = held.get(entry.partner_id)
        if trigger is Trigger.GRACE and not _due(holding, now):
            continue
        if holding is None:
            after, facts = place(entry.partner_id, earned=entry.earned, now=now)
        else:
            after, facts = advance(holding, earned=entry.earned, now=now, grace=policy.grace)
        found.append(Move(entry, after, tuple(facts)))
    return found


def _due(holding: Holding | None, now: datetime) -> bool:
    return holding is not None and holding.pending is not None and holding.pending.due <= now


def count(ranked: Iterable[Ranked]) -> dict[Tier, int]:
    """How many earned each tier."""
    counts = dict.fromkeys(Tier, 0)
    for entry in ranked:
        counts[entry.earned] += 1
    return counts
