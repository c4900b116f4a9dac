"""The part `leads` of the section `registration`: how soon a lead is answered and converted, counted in business hours."""

from datetime import date
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registration.domain.business_hours import BusinessHours
from services.registration.domain.lead import ServiceLevel

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", examples=["09:00"])]


class HoursPolicy(BaseModel):
    """When somebody is there to answer."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: Clock = Field("09:00", alias="from")
    closes: Clock = Field("17:00", alias="until")
    time_zone: str = "UTC"
    closed: frozenset[date] = frozenset()

    @model_validator(mode="after")
    def _usable(self) -> "HoursPolicy":
        try:
            _ = self.exact
        except ZoneInfoNotFoundError as error:
            raise ValueError(f"there is no time zone {self.time_zone}") from error
        return self

    @cached_property
    def exact(self) -> BusinessHours:
        """The hours as the domain counts them. Raises HoursInvalid."""
        days = frozenset(_WEEK.index(day) for day in self.days)
        return BusinessHours(ZoneInfo(self.time_zone), days, _minutes(self.opens), _minutes(self.closes), self.closed)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class LeadsPolicy(BaseModel):
    """The service level of leads."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    answer_within_hours: int = Field(16, ge=1, le=10_000)
    remind_after_hours: int = Field(8, ge=1, le=10_000)
    convert_within_days: int = Field(90, ge=1, le=3_650)
    hours: HoursPolicy = HoursPolicy()

    @property
    def level(self) -> ServiceLevel:
        """The service level as the domain reads it."""
        return ServiceLevel(self.hours.exact, self.answer_within_hours, self.remind_after_hours, self.convert_within_days)
