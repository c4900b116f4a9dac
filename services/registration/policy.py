"""The programme's section `registration`: read once as version 1, afterwards versioned data."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.registration.conflict_policy import ConflictRules, PartnerTerritories
from services.registration.domain.accounts.likeness import Matching
from services.registration.domain.conflicts.conflict import Limits
from services.registration.domain.deals.approval_rules import ApprovalRule
from services.registration.domain.deals.territories import Territories
from services.registration.domain.intake.opportunity import Exclusivity, OwnerChange
from services.registration.domain.leads.lead import ServiceLevel
from services.registration.domain.values import CreditAfterExpiry
from services.registration.policy_coselling import CosellingPolicy
from services.registration.policy_leads import LeadsPolicy
from services.registration.policy_parts import Approval, Extension, HoursPolicy, Quiet, WaitingList


class Likeness(BaseModel):
    """When a customer is probably an account that is known: such a registration goes to review."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    probable_from: int = Field(80, ge=0, le=101, description="of 100; 101 puts nothing up")
    crowd: int = Field(30, ge=1, le=1_000, description="a key that names more accounts than this says nothing")
    candidates: int = Field(10, ge=1, le=1_000, description="compared at most, those first that share what few others have")


class Source(BaseModel):
    """What is known of one sales system. `contiguous` versions count up by one: what never came is noticed and asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    versions: Literal["sparse", "contiguous"] = "sparse"


class Policy(BaseModel):
    """The rules of registration as data. Fields that this version does not read yet are kept, not refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    protection_days: int = Field(30, ge=1)
    protection_starts: Literal["registration", "approval"] = "registration"
    approval: Approval = Approval()
    review_limit_days: int = Field(3, ge=1, description="business days; an undecided registration keeps rivals out for no longer")
    business_hours: HoursPolicy = HoursPolicy()
    evidence_required: bool = False
    extension: Extension = Extension()
    expiring_soon_days: int = Field(7, ge=0)
    stages: tuple[str, ...] = Field((), description="of a sale, in their order")
    renew_on_stage_advance: bool = False
    quiet: Quiet = Quiet()
    waiting_list: WaitingList = WaitingList()
    existing_opportunity_days: int = Field(90, ge=1)
    credit_after_expiry: CreditAfterExpiry = CreditAfterExpiry.UNLESS_RIVAL_HOLDS
    open_registrations_limit: int = Field(500, ge=1)
    cool_off_days: int = Field(0, ge=0)
    opportunity_exclusivity: Exclusivity = Exclusivity.RECORD
    on_owner_change: OwnerChange = OwnerChange.REVIEW
    sources: Mapping[str, Source] = Field(default_factory=dict)
    on_termination: Literal["withdraw", "keep"] = "withdraw"
    leads: LeadsPolicy = LeadsPolicy()
    coselling: CosellingPolicy = CosellingPolicy()
    free_mail_domains: frozenset[str] = frozenset()
    account_likeness: Likeness = Likeness()
    territories: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    partner_territories: PartnerTerritories = PartnerTerritories()
    conflicts: ConflictRules = ConflictRules()

    @field_validator("approval", mode="before")
    @classmethod
    def _named(cls, approval: object) -> object:
        """The mode alone may stand for all of it."""
        return {"mode": approval} if isinstance(approval, str) else approval

    @cached_property
    def approval_rules(self) -> tuple[ApprovalRule, ...]:
        return tuple(rule.exact(self.tree) for rule in self.approval.rules)

    def review_limit(self, received_at: datetime) -> datetime:
        """Until when a registration that came at `received_at` keeps rivals out undecided."""
        return self.business_hours.exact.add(received_at, self.review_limit_days * self.business_hours.day)

    def remind_at(self, received_at: datetime) -> datetime:
        """When whoever has it in the queue is reminded."""
        limit, before = self.review_limit_days * self.business_hours.day, timedelta(hours=self.approval.remind_before_hours)
        return self.business_hours.exact.add(received_at, max(timedelta(0), limit - before))

    @property
    def conflict_limits(self) -> Limits:
        """How long each step of a conflict may take, in the vendor's business hours."""
        return self.conflicts.limits(self.business_hours)

    @property
    def lead_level(self) -> ServiceLevel:
        """The service level of leads, in the vendor's business hours."""
        return self.leads.level(self.business_hours.exact)

    @property
    def announced_before(self) -> timedelta:
        """How long before its end protection is announced to end; nothing: never."""
        return timedelta(days=self.expiring_soon_days)

    @property
    def renewal(self) -> timedelta | None:
        """By how much an advance in the sales stage renews protection, if it does."""
        return self.protection if self.renew_on_stage_advance else None

    @property
    def active_within(self) -> timedelta:
        """How recent the vendor's own opportunity must be to stand in a partner's way."""
        return timedelta(days=self.existing_opportunity_days)

    @property
    def protection(self) -> timedelta:
        """The length of a fresh window: whole days of 24 hours."""
        return timedelta(days=self.protection_days)

    def counts_without_gaps(self, source: str) -> bool:
        """Whether a version that is left out is one that never came."""
        return source in self.sources and self.sources[source].versions == "contiguous"

    @property
    def cool_off(self) -> timedelta:
        return timedelta(days=self.cool_off_days)

    @cached_property
    def matching(self) -> Matching:
        """How doubts about an account are found."""
        likeness = self.account_likeness
        return Matching(likeness.probable_from, likeness.crowd, likeness.candidates)

    @cached_property
    def tree(self) -> Territories:
        """The tree of territories. Raises TreeInvalid."""
        return Territories(self.territories)
