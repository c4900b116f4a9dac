"""The programme calendar: which month, quarter and year an instant belongs to. Periods are half-open."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo


class PeriodKind(StrEnum):
    """How long revenue counts towards the brackets before it starts again at 0."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    LIFETIME = "lifetime"


class Period(NamedTuple):
    """The months `[start, end)`, each named by its first day. `label` is `year:2026-01-01`, `lifetime`."""

    kind: PeriodKind
    start: date
    end: date

    label: str


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Calendar:
    """Periods by the programme's time zone and first month of the year (1-12)."""

    timezone: str = "UTC"
    year_starts: int = 1

    def day(self, instant: datetime) -> date:
        """The date that the programme writes on an instant."""
        if self.timezone != "UTC":
            return instant.astimezone(ZoneInfo(self.timezone)).date()
        return instant.date() if instant.tzinfo is UTC else instant.astimezone(UTC).date()

    def month(self, instant: datetime) -> date:
        """The month of an instant, named by its first day."""
        return self.day(instant).replace(day=1)

    def period(self, kind: PeriodKind, month: date) -> Period:
        """The period of `kind` that holds `month`."""
        return _period(kind, month, self.year_starts)


@lru_cache(maxsize=4096)
def _period(kind: PeriodKind, month: date, year_starts: int) -> Period:
    if kind is PeriodKind.LIFETIME:
        return Period(kind, date.min, date.max, kind.value)
    length = _MONTHS[kind]
    since = (month.month - year_starts) % 12 % length
    start = _shifted(month, -since)
    return Period(kind, start, _shifted(start, length), f"{kind}:{start.isoformat()}")


def _shifted(month: date, months: int) -> date:
    years, index = divmod(month.month - 1 + months, 12)
    return date(month.year + years, index + 1, 1)
