"""Laws of months that hold for every start and length."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.enablement.domain.calendar import add_months

instants = st.integers(0, 100 * 365 * 86_400).map(lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
lengths = st.integers(0, 240)


@given(instants, lengths)
def test_months_when_added_then_exactly_so_many_months_later(start: datetime, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months


@given(instants, lengths)
def test_months_when_added_then_the_day_is_kept_or_is_the_last_of_its_month(start: datetime, months: int) -> None:
    end = add_months(start, months)
    next_day = add_months(end.replace(day=1), 1)
    assert end.day == start.day or (end.day < start.day and (next_day - end.replace(day=1)).days == end.day)
    assert end.timetz() == start.timetz()


@given(instants, instants, lengths)
def test_months_when_one_starts_later_then_it_does_not_end_earlier(one: datetime, other: datetime, months: int) -> None:
    first, second = sorted((one, other))
    assert add_months(first, months).date() <= add_months(second, months).date()
