"""Validity in months at the edges of the calendar."""

from datetime import UTC, datetime

import pytest

from services.enablement.domain.calendar import add_months


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2025, 3, 1), 12, (2026, 3, 1)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
        ((2024, 2, 29), 48, (2028, 2, 29)),
        ((2023, 2, 28), 12, (2024, 2, 28)),
        ((2025, 1, 31), 1, (2025, 2, 28)),
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2025, 1, 31), 2, (2025, 3, 31)),
        ((2025, 10, 31), 6, (2026, 4, 30)),
        ((2025, 12, 31), 12, (2026, 12, 31)),
    ],
)
def test_months_when_the_month_is_too_short_then_its_last_day(start: tuple[int, int, int], months: int, end: tuple[int, int, int]) -> None:
    assert add_months(datetime(*start, 17, 30, tzinfo=UTC), months) == datetime(*end, 17, 30, tzinfo=UTC)
