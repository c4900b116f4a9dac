"""The programme's section `registration`: read once as version 1, afterwards versioned data."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.registration.domain.likeness import Matching
from services.registration.domain.opportunity import Exclusivity
from services.registration.domain.territories import Territories
from services.registration.domain.values import CreditAfterExpiry


class Extension(BaseModel):
    """How protection may be prolonged."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    days: int = Field(30, ge=1)
    times: int = Field(1, ge=0)


class Likeness(BaseModel):
    """When a customer is probably an account that is known: such a registration goes to review."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    probable_from: int = Field(80, ge=0, le=101, description="of 100; 101 puts nothing up")
    crowd: int = Field(30, ge=1, le=1_000, description="a key that names more accounts than this says nothing")
    candidates: int = Field(10, ge=1, le=1_000, description="compared at most, those first that share what few others have")


class Policy(BaseModel):
    """The rules of registration as data. Fields that this version does not read yet are kept, not refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    protection_days: int = Field(30, ge=1)
    protection_starts: Literal["registration"] = "registration"
    approval: Literal["automatic"] = "automatic"
    extension: Extension = Extension()
    credit_after_expiry: CreditAfterExpiry = CreditAfterExpiry.UNLESS_RIVAL_HOLDS
    open_registrations_limit: int = Field(500, ge=1)
    cool_off_days: int = Field(0, ge=0)
    opportunity_exclusivity: Exclusivity = Exclusivity.RECORD
    on_termination: Literal["withdraw", "keep"] = "withdraw"
    free_mail_domains: frozenset[str] = frozenset()
    account_likeness: Likeness = Likeness()
    territories: Mapping[str, Sequence[str]] = Field(default_factory=dict)

    @property
    def protection(self) -> timedelta:
        """The length of a fresh window: whole days of 24 hours."""
        return timedelta(days=self.protection_days)

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
