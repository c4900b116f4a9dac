"""Bodies of requests and answers; the wire's words for the domain's values."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.tiering.domain.evaluations import Evaluation, Trigger
from services.tiering.domain.tiers import Tier
from services.tiering.policy import Discount, TieringPolicy, TierSection
from services.tiering.store.standings import Standing
from shared.chassis.database.rows import Row
from shared.chassis.http import Instant
from shared.chassis.money import Money


class EvaluationRequest(BaseModel):
    """What to evaluate: the trailing window ends at `as_of`, by default now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: Instant | None = None


class EvaluationView(BaseModel):
    """One evaluation. `applied` is false for a look back, which moves nobody; `earned` counts partners by what they earned."""

    id: UUID
    as_of: datetime
    trigger: Trigger
    policy_version: int
    applied: bool
    population: int
    earned: dict[Tier, int]
    evaluated_at: datetime
    requested_by: str

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        return cls(
            id=evaluation.id,
            as_of=evaluation.as_of,
            trigger=evaluation.trigger,
            policy_version=evaluation.policy_version,
            applied=evaluation.applied,
            population=evaluation.population,
            earned=dict(evaluation.earned),
            evaluated_at=evaluation.evaluated_at,
            requested_by=evaluation.requested_by,
        )


class ResultView(BaseModel):
    """A partner's place in one evaluation; amounts in major units of the programme's currency."""

    partner_id: UUID
    rank: int
    score: str
    revenue: str
    currency: str
    certification_points: str
    certified_people: int
    earned: Tier
    reason: str

    @classmethod
    def of(cls, row: Row, *, currency: str) -> Self:
        return cls(
            partner_id=row.partner_id,
            rank=row.rank,
            score=f"{row.score:f}",
            revenue=str(Money(row.revenue_minor, currency)),
            currency=currency,
            certification_points=f"{row.certification_points:f}",
            certified_people=row.certified_people,
            earned=Tier(row.earned),
            reason=row.reason,
        )


class PendingView(BaseModel):
    """A fall that was announced: to `to`, at `due`, unless the partner recovers before."""

    to: Tier
    due: datetime


class StandingView(BaseModel):
    """Where a partner stands. `rank` is absent while it is not ranked; `revenue_apart` is in no score (other currencies)."""

    partner_id: UUID
    tier: Tier
    since: datetime
    rank: int | None
    population: int
    score: str
    revenue: str
    currency: str
    revenue_apart: dict[str, str]
    certification_points: str
    certified_people: int
    earned: Tier
    pending: PendingView | None
    reason: str
    evaluation_id: UUID
    as_of: datetime
    version: int

    @classmethod
    def of(cls, standing: Standing, *, currency: str, apart: dict[str, int]) -> Self:
        pending = standing.pending
        return cls(
            partner_id=standing.partner_id,
            tier=standing.tier,
            since=standing.since,
            rank=standing.rank,
            population=standing.population,
            score=f"{standing.score:f}",
            revenue=str(Money(standing.revenue_minor, currency)),
            currency=currency,
            revenue_apart={other: str(Money(minor, other)) for other, minor in apart.items()},
            certification_points=f"{standing.points:f}",
            certified_people=standing.certified,
            earned=standing.earned,
            pending=PendingView(to=pending.to, due=pending.due) if pending else None,
            reason=standing.reason,
            evaluation_id=standing.evaluation_id,
            as_of=standing.as_of,
            version=standing.version,
        )


class TierView(BaseModel):
    """A tier of the programme: who holds it (`share` is cumulative) and what it brings, with the benefits of those below."""

    tier: Tier
    share: str
    certified_people: int
    discount: Discount
    partner_manager: str | None
    support: str
    co_marketing_up_to: str | None
    co_marketing_open_ended: bool
    benefits: tuple[str, ...]

    @classmethod
    def of(cls, section: TierSection, *, policy: TieringPolicy) -> Self:
        money = section.co_marketing
        return cls(
            tier=section.name,
            share=str(section.share),
            certified_people=section.requires.certified_people,
            discount=section.discount,
            partner_manager=section.partner_manager,
            support=section.support,
            co_marketing_up_to=str(money.up_to) if money else None,
            co_marketing_open_ended=bool(money and money.open_ended),
            benefits=policy.benefits_of(section.name),
        )
