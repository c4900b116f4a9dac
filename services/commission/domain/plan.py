"""The commission plan: immutable versions, each in force from its date until the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from services.commission.domain.brackets import Bracket, Fault, Mode, Schedule, faults
from services.commission.domain.calendar import Calendar, PeriodKind

_UTC_JANUARY = Calendar()


class Base(StrEnum):
    """What the brackets apply to: the partner's revenue of the period, or each deal alone."""

    CUMULATIVE = "cumulative"
    DEAL = "deal"


class Split(StrEnum):
    """Revenue: each share counts in its partner's own position. Commission: figured once for the registrant, then divided."""

    REVENUE = "revenue"
    COMMISSION = "commission"


@dataclass(frozen=True)
class PlanVersion:
    """The rules for deals that close from `effective_from` (a day of the programme calendar) on; never edited."""

    number: int
    effective_from: date
    brackets: tuple[Bracket, ...]
    base: Base = Base.CUMULATIVE
    period: PeriodKind = PeriodKind.YEAR
    mode: Mode = Mode.GRADUATED
    split: Split = Split.REVENUE
    hold_days: int = 30

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(self.brackets, mode=self.mode)


@dataclass(frozen=True, slots=True)
class Plan:
    """All versions, in order of their numbers; `currency` is that of positions and entries."""

    currency: str
    versions: tuple[PlanVersion, ...]
    calendar: Calendar = _UTC_JANUARY

    @property
    def latest(self) -> int:
        """The highest version on record: what a decision made now could know."""
        return self.versions[-1].number if self.versions else 0

    def at(self, instant: datetime) -> PlanVersion | None:
        """The version in force for a deal closed at `instant`: the latest start; of equal starts, the later version."""
        day = self.calendar.day(instant)
        found: PlanVersion | None = None
        for version in self.versions:
            if version.effective_from <= day and (found is None or version.effective_from >= found.effective_from):
                found = version
        return found

    def known(self, latest: int) -> "Plan":
        """The plan as it was when `latest` was its highest version (for replay)."""
        return Plan(self.currency, tuple(v for v in self.versions if v.number <= latest), self.calendar)


def plan_faults(versions: Sequence[PlanVersion]) -> Iterator[Fault]:
    """Every fault of every version, with its place in the document."""
    for index, version in enumerate(versions):
        place = f"versions[{index}]"
        yield from faults(version.brackets, place=f"{place}.brackets")
        if version.hold_days < 0:
            yield Fault("hold_invalid", f"{place}.hold_days")
