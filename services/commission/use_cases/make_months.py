"""Journal and ledger have a part for each month: those of the next months are made ahead."""

from datetime import timedelta

from shared.chassis.database import UnitOfWork

AHEAD = timedelta(days=90)


async def make_months(uow: UnitOfWork) -> int:
    """Make the parts from this month on that are missing; returns how many. What no part is made for stands in a part of its own."""
    today = uow.now.date()
    await uow.fetch("select make_months($1, $2)", today, today + AHEAD)
    return 0
