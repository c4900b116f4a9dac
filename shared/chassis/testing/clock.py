"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

DEFAULT_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ManualClock:
    """Tells the instant it was set to; time is passed in, never slept for."""

    def __init__(self, now: datetime = DEFAULT_NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Stand at `now`, which may also lie in the past."""
        self._now = now

    def advance(self, by: timedelta) -> datetime:
        """Move on by `by`; returns where it stands then."""
        self._now += by
        return self._now
