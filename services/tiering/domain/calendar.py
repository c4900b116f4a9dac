"""The trailing window and the quarters, in UTC."""

from calendar import monthrange
from datetime import UTC, datetime

from services.tiering.domain.refusals import InstantOutOfRange


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises InstantOutOfRange: an offset may lead out of the calendar, which no store can hold."""
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise InstantOutOfRange(instant=instant.isoformat()) from error


def months_before(instant: datetime, months: int) -> datetime:
    """The same day and time `months` earlier; a day that the month lacks becomes its last (31 May − 3 → 28 February)."""
    index = instant.year * 12 + instant.month - 1 - months
    year, month = index // 12, index % 12 + 1
    return instant.replace(year=year, month=month, day=min(instant.day, monthrange(year, month)[1]))


def period_start(instant: datetime, months: int) -> datetime:
    """The start of the running period of `months` months, counted from January: with 3, the quarter's first instant."""
    utc = instant.astimezone(UTC)
    first = (utc.month - 1) // months * months + 1
    return datetime(utc.year, first, 1, tzinfo=UTC)
