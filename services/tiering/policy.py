"""The tiering section of the programme: read from `programme.yaml` once, afterwards versioned data."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.tiering.domain.tiers import Mode, Policy, Tier, TierRule


def _no_float(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("write decimals as text, such as '0.05': a float is not exact")
    return value


Exact = Annotated[Decimal, BeforeValidator(_no_float)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(_Section):
    """Points for one major unit of net won revenue, and the factor of certification points."""

    revenue: Exact = Field(ge=0)
    certification: Exact = Field(ge=0)


class Requires(_Section):
    """What a partner must have besides its place."""

    certified_people: int = Field(0, ge=0)


class Discount(_Section):
    """The low end applies, the high end takes approval; shares of the list price."""

    low: Exact = Field(ge=0, le=1)
    high: Exact = Field(ge=0, le=1)


class CoMarketing(_Section):
    """Co-marketing money, within budget; `open_ended` means "and more"."""

    up_to: Exact = Field(ge=0)
    open_ended: bool = False


class TierSection(_Section):
    """One tier: who holds it and what it brings. `share` is cumulative."""

    name: Tier
    share: Exact = Field(ge=0, le=1)
    threshold: Exact | None = None
    requires: Requires = Requires()
    discount: Discount
    partner_manager: str | None = None
    support: str
    co_marketing: CoMarketing | None = None
    benefits: tuple[str, ...] = ()


class TieringPolicy(_Section):
    """The whole section; tiers stand best first, each exactly once, bronze last and open to all."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    months: int = Field(ge=1)
    mode: Mode
    grace_days: int = Field(ge=0)
    evaluate_every_months: int = Field(ge=1, le=12)
    weights: Weights
    certification_points: dict[int, Exact] = Field(default_factory=dict)
    tiers: tuple[TierSection, ...]

    @model_validator(mode="after")
    def _tiers_are_in_order(self) -> Self:
        if [tier.name for tier in self.tiers] != list(Tier):
            raise ValueError(f"tiers must be {', '.join(Tier)}, in this order")
        shares = [tier.share for tier in self.tiers]
        if shares != sorted(shares):
            raise ValueError("shares are cumulative: none may be below that of a better tier")
        if 12 % self.evaluate_every_months:
            raise ValueError("evaluate_every_months must divide the year: 1, 2, 3, 4, 6 or 12")
        return self

    def rules(self) -> Policy:
        """The section as the pure rules read it."""
        ranked = tuple(
            TierRule(
                tier.name,
                share=Fraction(tier.share),
                threshold=None if tier.threshold is None else Fraction(tier.threshold),
                certified=tier.requires.certified_people,
            )
            for tier in self.tiers
            if tier.name is not Tier.BRONZE
        )
        return Policy(
            currency=self.currency,
            rules=ranked,
            revenue_weight=Fraction(self.weights.revenue),
            certification_weight=Fraction(self.weights.certification),
            certification_points={level: Fraction(points) for level, points in self.certification_points.items()},
            window_months=self.months,
            interval_months=self.evaluate_every_months,
            grace=timedelta(days=self.grace_days),
            mode=self.mode,
        )

    def benefits_of(self, tier: Tier) -> tuple[str, ...]:
        """A tier's own benefits, then those of the tiers below it."""
        return tuple(benefit for section in self.tiers if section.name.level >= tier.level for benefit in section.benefits)
