"""Facts about tiers, owned by the service `tiering`."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event


class Tier(StrEnum):
    """Ranks of the programme, best first."""

    PLATINUM = "platinum"
    GOLD = "gold"
    SILVER = "silver"
    BRONZE = "bronze"


class TierFact(Event):
    """What every fact about a partner's tier carries; `from_tier` is absent the first time."""

    subject_field: ClassVar[str] = "partner_id"
    partner_id: UUID
    from_tier: Tier | None = None
    to_tier: Tier
    reason: str
    evaluation_id: UUID


class TierChanged(TierFact):
    """A partner is in `to_tier` from `effective_at` on."""

    topic: ClassVar[str] = "tier.changed"
    effective_at: AwareDatetime


class TierDowngradePending(TierFact):
    """A partner will fall to `to_tier` at `effective_at` unless it recovers before."""

    topic: ClassVar[str] = "tier.downgrade_pending"
    effective_at: AwareDatetime
