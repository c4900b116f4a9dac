"""How a partner moves: up at once; down announced, after a grace period, one tier at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.tiering.domain.tiers import Tier


@dataclass(frozen=True, slots=True)
class Pending:
    """An announced fall to `to` at `due`, unless the partner recovers before."""

    to: Tier
    due: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """The tier that a partner holds since `since`, and the fall that hangs over it."""

    partner_id: UUID
    tier: Tier
    since: datetime
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A partner is in `to` from `at` on; `origin` is None the first time."""

    partner_id: UUID
    origin: Tier | None
    to: Tier
    at: datetime


@dataclass(frozen=True, slots=True)
class Announced:
    """A partner will fall from `origin` to `to` at `due`."""

    partner_id: UUID
    origin: Tier
    to: Tier
    due: datetime


Fact = Changed | Announced


def place(partner_id: UUID, *, earned: Tier, now: datetime) -> tuple[Holding, list[Fact]]:
    """The first tier of a partner."""
    return Holding(partner_id, earned, now), [Changed(partner_id, None, earned, now)]


def advance(holding: Holding, *, earned: Tier, now: datetime, grace: timedelta) -> tuple[Holding, list[Fact]]:
    """What an evaluation at `now` does to a partner who earned `earned`.

    Earned as much or more: up at once, and a pending fall is lifted. Earned less: the fall is announced; when its
    grace has passed the partner goes down by one tier, and the next step, if any, is announced with its own grace.
    """
    if earned.level < holding.tier.level:
        return Holding(holding.partner_id, earned, now), [Changed(holding.partner_id, holding.tier, earned, now)]
    if earned is holding.tier:
        return replace(holding, pending=None), []
    if holding.pending is None:
        return _announce(holding, now=now, grace=grace)
    if now < holding.pending.due:
        return holding, []
    return _fall(holding, earned=earned, now=now, grace=grace)


def _announce(holding: Holding, *, now: datetime, grace: timedelta) -> tuple[Holding, list[Fact]]:
    pending = Pending(holding.tier.below(), now + grace)
    fact = Announced(holding.partner_id, holding.tier, pending.to, pending.due)
    return replace(holding, pending=pending), [fact]


def _fall(holding: Holding, *, earned: Tier, now: datetime, grace: timedelta) -> tuple[Holding, list[Fact]]:
    lower = Holding(holding.partner_id, holding.tier.below(), now)
    facts: list[Fact] = [Changed(holding.partner_id, holding.tier, lower.tier, now)]
    if earned.level > lower.tier.level:
        lower, announced = _announce(lower, now=now, grace=grace)
        facts += announced
    return lower, facts
