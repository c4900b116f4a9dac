"""Months on a calendar, for validities such as "12 months"."""

from calendar import monthrange
from datetime import datetime


def add_months(start: datetime, months: int) -> datetime:
    """The same day and time `months` later; where that month is too short, its last day.

    31 January + 1 month is 28 (or 29) February; 29 February + 12 months is 28 February. Count from the first
    start, never from a former result: 31 January + 1 + 1 would be 28 March, + 2 is 31 March.
    """
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
