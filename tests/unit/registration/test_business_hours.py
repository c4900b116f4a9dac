"""Business time: evenings, weekends, closed days and the days on which the clock is changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.registration.domain.business_hours import BusinessCalendar
from services.registration.policy_parts import BusinessHours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessCalendar(BERLIN)
HOUR = timedelta(hours=1)
DAY = 8 * HOUR


def berlin(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "worked", "ends"),
    [
        (berlin(25, 9), HOUR, berlin(25, 10)),
        (berlin(25, 16, 30), HOUR, berlin(26, 9, 30)),
        (berlin(25, 3), timedelta(0), berlin(25, 9)),
        (berlin(25, 20), HOUR, berlin(26, 10)),
        (berlin(27, 16), 2 * HOUR, berlin(30, 10)),
        (berlin(25, 9), DAY, berlin(25, 17)),
        (berlin(25, 12), 3 * DAY, berlin(30, 12)),
        (berlin(28, 12), timedelta(minutes=1), berlin(30, 9, 1)),
    ],
    ids=["within a day", "over night", "before opening", "after closing", "over a weekend", "a whole day", "three days", "on a Saturday"],
)
def test_after_when_the_office_is_shut_then_that_does_not_count(start: datetime, worked: timedelta, ends: datetime) -> None:
    assert OFFICE.after(start, worked) == ends


def test_after_when_a_day_is_closed_then_it_does_not_count() -> None:
    shut = BusinessCalendar(BERLIN, closed=frozenset({date(2026, 11, 26)}))
    assert shut.after(berlin(25, 16), 2 * HOUR) == berlin(27, 10)


@pytest.mark.parametrize(
    ("start", "passed"),
    [(datetime(2026, 3, 28, 12, tzinfo=UTC), 23), (datetime(2026, 10, 24, 12, tzinfo=UTC), 25)],
    ids=["put forward", "put back"],
)
def test_after_when_the_clock_is_changed_while_open_then_real_hours_count(start: datetime, passed: int) -> None:
    always = BusinessCalendar(BERLIN, weekdays=frozenset(range(7)), opens=time(0), closes=time(0))
    midnight = always.after(start, timedelta(0)).astimezone(BERLIN)
    assert midnight == start
    day_begins = datetime(start.year, start.month, start.day + 1, tzinfo=BERLIN).astimezone(UTC)
    day_ends = datetime(start.year, start.month, start.day + 2, tzinfo=BERLIN).astimezone(UTC)
    assert always.after(day_begins, passed * HOUR) == day_ends


def test_after_when_the_weekend_changes_the_clock_then_office_hours_stay_local() -> None:
    friday, monday = berlin(23, 16, month=10), berlin(26, 10, month=10)
    assert OFFICE.after(friday, 2 * HOUR) == monday
    assert monday - friday == timedelta(days=2, hours=19)


def test_after_when_hours_reach_over_midnight_then_they_belong_to_the_day_before() -> None:
    night = BusinessCalendar(ZoneInfo("UTC"), opens=time(22), closes=time(6))
    start = datetime(2026, 11, 28, 5, tzinfo=UTC)  # Saturday morning: Friday's shift
    assert night.after(start, HOUR) == datetime(2026, 11, 28, 6, tzinfo=UTC)
    assert night.after(start, 2 * HOUR) == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_after_when_the_office_never_opens_then_that_is_an_error() -> None:
    with pytest.raises(ValueError, match="no business hours"):
        BusinessCalendar(BERLIN, weekdays=frozenset()).after(berlin(25, 9), HOUR)
    with pytest.raises(ValueError, match="never opens"):
        BusinessHours(weekdays=())
    with pytest.raises(ValueError, match="there is no time zone"):
        BusinessHours(timezone="Mars/Olympus")


def test_day_when_it_reaches_midnight_then_as_long_as_it_is() -> None:
    assert BusinessHours().day == DAY
    assert BusinessHours(opens=time(22), closes=time(6)).day == DAY
