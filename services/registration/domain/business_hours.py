"""Time as an office counts it: so many business hours after an instant, in the office's own zone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_LONGEST_CLOSURE_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """When somebody is there: `weekdays` (Monday is 0) from `opens` until `closes`, but for the days in `closed`.

    `closes` at midnight is the end of the day. Hours are real ones: a day on which the clock is put forward while the office is
    open is an hour shorter.
    """

    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(17)
    closed: frozenset[date] = field(default_factory=frozenset)

    def after(self, start: datetime, worked: timedelta) -> datetime:
        """The instant at which `worked` business time has passed since `start`. Raises ValueError if the office never opens."""
        left = worked
        for opening, closing in self._openings(start):
            begins = max(opening, start)
            if begins + left <= closing:
                return begins + left
            left -= max(closing - begins, timedelta(0))
        raise ValueError("this calendar has no business hours")

    def _openings(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The office's hours that end after `start`, in UTC."""
        first = start.astimezone(self.zone).date() - _DAY  # yesterday's may reach into today
        for number in range(_LONGEST_CLOSURE_DAYS):
            day = first + number * _DAY
            if day.weekday() not in self.weekdays or day in self.closed:
                continue
            last = day if self.closes > self.opens else day + _DAY
            opening, closing = self._instant(day, self.opens), self._instant(last, self.closes)
            if closing > start:
                yield opening, closing

    def _instant(self, day: date, at: time) -> datetime:
        """In UTC; an hour that the clock skips is the one after it, one that it repeats is the first."""
        return datetime.combine(day, at, self.zone).astimezone(UTC)
