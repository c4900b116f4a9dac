"""Deadlines in business hours: to the minute, over nights, weekends and closed dates, and on the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.registration.domain.deals.business_hours import BusinessHours, HoursInvalid
from services.registration.policy_parts import HoursPolicy

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = frozenset(range(5))
OFFICE = BusinessHours(BERLIN, WEEK, 9 * 60, 17 * 60, frozenset({date(2026, 5, 1)}))
ALWAYS = BusinessHours(BERLIN, frozenset(range(7)), 0, 24 * 60)
NIGHT = BusinessHours(BERLIN, frozenset(range(7)), 0, 4 * 60)
GAP = BusinessHours(BERLIN, frozenset(range(7)), 150, 240)  # from 02:30, which the clocks skip in spring


def at(text: str) -> datetime:
    """A local time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("hours", "start", "count", "end"),
    [
        (OFFICE, "2026-02-03T10:00", 2, "2026-02-03T12:00"),
        (OFFICE, "2026-02-03T10:17", 6, "2026-02-03T16:17"),
        (OFFICE, "2026-02-03T09:00", 8, "2026-02-03T17:00"),
        (OFFICE, "2026-02-03T16:59", 1, "2026-02-04T09:59"),
        (OFFICE, "2026-02-03T03:00", 1, "2026-02-03T10:00"),
        (OFFICE, "2026-02-03T17:00", 1, "2026-02-04T10:00"),
        (OFFICE, "2026-02-06T16:00", 2, "2026-02-09T10:00"),
        (OFFICE, "2026-02-07T12:00", 1, "2026-02-09T10:00"),
        (OFFICE, "2026-04-30T16:30", 1, "2026-05-04T09:30"),
        (OFFICE, "2026-03-27T16:00", 2, "2026-03-30T10:00"),
        (OFFICE, "2026-10-23T16:00", 2, "2026-10-26T10:00"),
        (OFFICE, "2026-02-07T12:00", 0, "2026-02-09T09:00"),
        (NIGHT, "2026-03-29T00:00", 3, "2026-03-29T04:00"),
        (NIGHT, "2026-03-28T00:00", 4, "2026-03-28T04:00"),
        (NIGHT, "2026-10-25T00:00", 5, "2026-10-25T04:00"),
        (GAP, "2026-03-29T00:00", 0.5, "2026-03-29T03:30"),
        (GAP, "2026-03-29T00:00", 1, "2026-03-29T04:00"),
        (ALWAYS, "2026-03-28T12:00", 24, "2026-03-29T13:00"),
        (ALWAYS, "2026-10-24T12:00", 24, "2026-10-25T11:00"),
    ],
)
def test_add_when_hours_are_counted_then_the_deadline_is_exact(hours: BusinessHours, start: str, count: float, end: str) -> None:
    assert hours.add(at(start), count) == at(end).astimezone(UTC)


def test_add_when_an_hour_comes_twice_then_both_count() -> None:
    twice = BusinessHours(BERLIN, frozenset(range(7)), 120, 180)  # 02:00 to 03:00
    assert twice.add(at("2026-10-25T00:00"), 2) == at("2026-10-25T03:00").astimezone(UTC)
    assert twice.add(at("2026-03-29T00:00"), 1) == at("2026-03-30T03:00").astimezone(UTC), "an hour that is skipped is no hour"


def test_is_open_when_at_its_edges_then_half_open() -> None:
    opens, closes = at("2026-02-03T09:00"), at("2026-02-03T17:00")
    tick = timedelta(microseconds=1)
    assert [OFFICE.is_open(each) for each in (opens - tick, opens, closes - tick, closes)] == [False, True, True, False]


@pytest.mark.parametrize(("days", "opens", "closes"), [(frozenset(), 0, 60), (frozenset({7}), 0, 60), (WEEK, 60, 60), (WEEK, 0, 1441)])
def test_hours_when_nothing_can_be_open_then_refused(days: frozenset[int], opens: int, closes: int) -> None:
    with pytest.raises(HoursInvalid):
        BusinessHours(BERLIN, days, opens, closes)


def test_add_when_everything_is_closed_then_refused() -> None:
    with pytest.raises(HoursInvalid):
        OFFICE.add(at("2026-02-03T09:00"), 24 * 366 * 20)


def test_policy_when_read_then_it_names_zone_days_and_hours() -> None:
    told = {"days": ["mon", "sat"], "from": "08:30", "until": "24:00", "time_zone": "Asia/Tokyo", "closed": ["2026-12-25"]}
    exact = HoursPolicy.model_validate(told).exact
    assert (exact.days, exact.opens, exact.closes, exact.closed) == ({0, 5}, 510, 1440, {date(2026, 12, 25)})


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"from": "17:00", "until": "09:00"}, {"days": []}, {"from": "25:00"}])
def test_policy_when_it_cannot_be_kept_then_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        HoursPolicy.model_validate(wrong)
