"""Business hours: which hours of which days count, in whose time zone; a deadline counted in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_FURTHEST_DAYS = 20 * 366


class HoursInvalid(ValueError):
    """No day is open, the day ends before it begins, or so many days are closed that no deadline is ever reached."""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Open on `days` (Monday is 0) over the half-open `[opens, closes)`, minutes after local midnight, except on `closed` dates.

    What counts is time that passes: on the day on which the clocks go forward, 00:00 to 04:00 is three hours.
    """

    zone: ZoneInfo
    days: frozenset[int]
    opens: int
    closes: int
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(7)):
            raise HoursInvalid("at least one day of the week must be open")
        if not 0 <= self.opens < self.closes <= 24 * 60:
            raise HoursInvalid("a day must begin before it ends")

    def is_open(self, instant: datetime) -> bool:
        """Whether `instant` lies within business hours."""
        start, end = self._hours_of(instant.astimezone(self.zone).date())
        return start <= instant < end

    def add(self, start: datetime, hours: float | timedelta) -> datetime:
        """The instant (UTC) at which so many open hours have passed since `start`. Raises HoursInvalid beyond twenty years.

        What ends with the day ends at its close, not at the next opening; no hours at all means `start`, or the next opening.
        """
        left = hours if isinstance(hours, timedelta) else timedelta(hours=hours)
        day = start.astimezone(self.zone).date()
        for _ in range(_FURTHEST_DAYS):
            opens, closes = self._hours_of(day)
            begin = max(opens, start.astimezone(UTC))
            if begin < closes:
                if left <= closes - begin:
                    return begin + left
                left -= closes - begin
            day += _DAY
        raise HoursInvalid("no day is open within twenty years")

    def _hours_of(self, day: date) -> tuple[datetime, datetime]:
        """The open hours of a local day in UTC; an empty stretch where it is closed."""
        opens = self._instant(day, self.opens, last=False)
        if day.weekday() not in self.days or day in self.closed:
            return opens, opens
        return opens, self._instant(day, self.closes, last=True)

    def _instant(self, day: date, minutes: int, *, last: bool) -> datetime:
        """When the clocks show this time: of two such instants the first, or the `last`; where they skip it, the skip itself."""
        local = datetime.combine(day, wall_time()) + timedelta(minutes=minutes)
        once, again = (local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if again < once:
            return self._skip(again, once)
        return again if last else once

    def _skip(self, before: datetime, after: datetime) -> datetime:
        """The second between two instants at which the clocks go forward."""
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > _SECOND:
            middle = before + (after - before) // _SECOND // 2 * _SECOND
            if middle.astimezone(self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after
