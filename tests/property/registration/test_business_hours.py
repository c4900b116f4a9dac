"""Whatever the hours and the day: as much open time lies before a deadline as was asked for, and later starts end no sooner."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.deals.business_hours import BusinessHours

MINUTE = timedelta(minutes=1)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]).map(ZoneInfo)
CHANGES = [datetime(2026, *day, tzinfo=UTC) for day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25))]
STARTS = st.tuples(st.sampled_from(CHANGES), st.integers(-3 * 1440, 1440)).map(lambda pair: pair[0] + pair[1] * MINUTE)


@st.composite
def hours(draw: st.DrawFn) -> BusinessHours:
    opens = draw(st.integers(0, 47)) * 30
    closes = draw(st.integers(opens // 30 + 1, 48)) * 30
    days = draw(st.frozensets(st.integers(0, 6), min_size=4))
    closed = draw(st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 10)), max_size=3))
    return BusinessHours(draw(ZONES), days, opens, closes, closed)


@given(hours(), STARTS, st.integers(1, 120))
def test_add_when_minutes_are_counted_one_by_one_then_as_many_were_open(open_hours: BusinessHours, start: datetime, minutes: int) -> None:
    end = open_hours.add(start, minutes * MINUTE)
    stretch = int((end - start) / MINUTE)
    counted = sum(open_hours.is_open(start + step * MINUTE) for step in range(stretch))
    assert counted == minutes


@given(hours(), STARTS, st.integers(0, 600), st.integers(0, 3_000))
def test_add_when_the_start_is_later_then_the_deadline_is_not_earlier(
    open_hours: BusinessHours, start: datetime, minutes: int, later: int
) -> None:
    assert open_hours.add(start + later * MINUTE, minutes * MINUTE) >= open_hours.add(start, minutes * MINUTE)


@given(hours(), STARTS, st.integers(1, 300), st.integers(1, 300))
def test_add_when_taken_in_two_steps_then_the_same(open_hours: BusinessHours, start: datetime, first: int, second: int) -> None:
    once = open_hours.add(start, (first + second) * MINUTE)
    assert open_hours.add(open_hours.add(start, first * MINUTE), second * MINUTE) == once
