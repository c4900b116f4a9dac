"""The parts `conflicts` and `partner_territories` of the programme's section `registration`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.registration.domain.conflicts.conflict import STEPS, Effect, Limits
from services.registration.domain.conflicts.letters import unknown_names
from services.registration.domain.deals.assignment import Assignment
from services.registration.policy_parts import HoursPolicy


class ConflictRules(BaseModel):
    """How many business days each step of a conflict may take, whose it is, and how sides are written to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    identify_days: int = Field(2, ge=1, le=365)
    investigate_days: int = Field(5, ge=1, le=365)
    mediate_days: int = Field(5, ge=1, le=365)
    decide_days: int = Field(3, ge=1, le=365)
    communicate_days: int = Field(2, ge=1, le=365)
    prevent_days: int = Field(10, ge=1, le=365)
    owner: str = Field("channel managers", min_length=1, max_length=300)
    escalation_owner: str = Field("head of channel", min_length=1, max_length=300)
    look_back_days: int = Field(90, ge=0, le=36_500)
    probable_duplicates: bool = False
    letters: Mapping[Effect, str] = Field(default_factory=dict)

    @field_validator("letters")
    @classmethod
    def _fillable(cls, letters: Mapping[Effect, str]) -> Mapping[Effect, str]:
        for effect, text in letters.items():
            if unknown := unknown_names(text):
                raise ValueError(f"{effect.value}: nothing fills {', '.join(unknown)}")
        return letters

    def limits(self, hours: HoursPolicy) -> Limits:
        """The time limit of each step, in business days of these hours."""
        return Limits({step: getattr(self, f"{step.value}_days") for step in STEPS}, hours.exact, hours.day)

    @property
    def look_back(self) -> timedelta:
        """A deal that ended longer ago is history: a rule opens no conflict about it."""
        return timedelta(days=self.look_back_days)


class PartnerTerritories(BaseModel):
    """Where partners may register, by partner or by its kind; who is in neither map may everywhere."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    partners: Mapping[UUID, tuple[str, ...]] = Field(default_factory=dict)
    kinds: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    on_breach: Literal["conflict", "refuse"] = "conflict"

    @property
    def assignment(self) -> Assignment:
        """The domain's own view."""
        return Assignment(partners=self.partners, kinds=self.kinds, refuses=self.on_breach == "refuse")
