"""The part `leads` of the section `registration`: how soon a lead is answered and converted, counted in business hours."""

from pydantic import BaseModel, ConfigDict, Field

from services.registration.domain.deals.business_hours import BusinessHours
from services.registration.domain.leads.lead import ServiceLevel


class LeadsPolicy(BaseModel):
    """The service level of leads."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    answer_within_hours: int = Field(16, ge=1, le=10_000)
    remind_after_hours: int = Field(8, ge=1, le=10_000)
    convert_within_days: int = Field(90, ge=1, le=3_650)

    def level(self, hours: BusinessHours) -> ServiceLevel:
        """The service level as the domain reads it."""
        return ServiceLevel(hours, self.answer_within_hours, self.remind_after_hours, self.convert_within_days)
