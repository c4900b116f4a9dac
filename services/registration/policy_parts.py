"""The parts of the programme's section `registration`: extensions, approval, office hours, silence, the waiting list."""

from datetime import date, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.registration.domain.approval_rules import ApprovalRule, Mode, Verdict
from services.registration.domain.business_hours import BusinessCalendar
from services.registration.domain.territories import Territories
from services.registration.domain.values import Confidence
from shared.chassis.money import Money

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


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


class BusinessHours(_Section):
    """When the vendor's people are there; limits in business days and hours are counted by it. From midnight to midnight: always."""

    timezone: str = "UTC"
    weekdays: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: time = time(9)
    closes: time = time(17)
    closed: frozenset[date] = frozenset()

    @model_validator(mode="after")
    def _opens_at_all(self) -> "BusinessHours":
        if not self.weekdays:
            raise ValueError("the office never opens")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {self.timezone}") from error
        return self

    @cached_property
    def calendar(self) -> BusinessCalendar:
        return BusinessCalendar(
            ZoneInfo(self.timezone), frozenset(map(_WEEKDAYS.index, self.weekdays)), self.opens, self.closes, self.closed
        )

    @property
    def day(self) -> timedelta:
        """How long a business day is."""
        opens, closes = (timedelta(hours=at.hour, minutes=at.minute, seconds=at.second) for at in (self.opens, self.closes))
        length = closes - opens
        return length if length > timedelta(0) else length + timedelta(days=1)


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
