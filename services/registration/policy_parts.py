"""The parts of the programme's section `registration`: extensions, approval, office hours, silence, the waiting list."""

from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registration.domain.deals.approval_rules import ApprovalRule, Mode, Verdict
from services.registration.domain.deals.business_hours import BusinessHours
from services.registration.domain.deals.territories import Territories
from services.registration.domain.values import Confidence
from shared.chassis.money import Money

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", examples=["09:00"])]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Extension(_Section):
    """How protection may be prolonged. A request made in time keeps it until the decision, at most `decide_within_days`."""

    days: int = Field(30, ge=1)
    times: int = Field(1, ge=0)
    decide_within_days: int = Field(5, ge=1)
    evidence_required: bool = False

    @property
    def by(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def keep(self) -> timedelta:
        return timedelta(days=self.decide_within_days)


class Rule(_Section):
    """One rule of approval; what it does not name does not matter to it. Amounts are decimal text in `currency`."""

    name: str
    then: Verdict
    tiers: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    territories: tuple[str, ...] = ()
    confidence: frozenset[Confidence] = frozenset()
    min_amount: str | None = None
    max_amount: str | None = None
    currency: str = "USD"

    def exact(self, tree: Territories) -> ApprovalRule:
        """The rule as it is applied. Raises the refusals of Money."""
        least, most = (Money.parse(text, self.currency) if text else None for text in (self.min_amount, self.max_amount))
        paths = tuple(tree.path(tree.named(each)) for each in self.territories)
        return ApprovalRule(
            name=self.name,
            then=self.then,
            tiers=self.tiers,
            kinds=self.kinds,
            paths=paths,
            confidence=self.confidence,
            min_amount=least,
            max_amount=most,
        )


class HoursPolicy(_Section):
    """When the vendor's people are there; limits in business days and hours are counted by it."""

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

    @property
    def day(self) -> timedelta:
        """How long a business day is."""
        return timedelta(minutes=_minutes(self.closes) - _minutes(self.opens))

    @cached_property
    def exact(self) -> BusinessHours:
        """The hours as the domain counts them. Raises HoursInvalid."""
        days = frozenset(_WEEK.index(day) for day in self.days)
        return BusinessHours(ZoneInfo(self.time_zone), days, _minutes(self.opens), _minutes(self.closes), self.closed)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


class Approval(_Section):
    """Who approves a registration, and how long people may take over it."""

    mode: Mode = Mode.AUTOMATIC
    rules: tuple[Rule, ...] = ()
    owner: str | None = Field(None, description="who is given what is new in the queue")
    escalate_to: str | None = Field(None, description="who is given what was not decided in time")
    remind_before_hours: int = Field(8, ge=0, description="business hours before the limit")
    resubmissions: int = Field(2, ge=0)


class Quiet(_Section):
    """A registration of which its partner says nothing for `after_days` loses its exclusivity (absent: never)."""

    after_days: int | None = Field(None, ge=1)

    @property
    def after(self) -> timedelta | None:
        return timedelta(days=self.after_days) if self.after_days else None


class WaitingList(_Section):
    """Whether who comes second may wait, and how long an account that became free is kept for the next in line."""

    open: bool = False
    offer_hours: int = Field(48, ge=1)

    @property
    def offer(self) -> timedelta:
        return timedelta(hours=self.offer_hours)
