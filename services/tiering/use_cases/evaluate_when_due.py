"""The evaluations that nobody asks for: at each quarter's start, and when a grace period ends."""

from services.tiering.domain.calendar import period_start
from services.tiering.domain.evaluations import Trigger
from services.tiering.policy import TieringPolicy
from services.tiering.store import evaluations, partners, standings
from services.tiering.use_cases.evaluate import Request, evaluate
from shared.chassis.database import UnitOfWork
from shared.chassis.policies import Policies

_BY = "timer"


async def evaluate_period(uow: UnitOfWork, policies: Policies[TieringPolicy]) -> int:
    """Rank as of the first instant of the running period, once, among those who had enrolled by then."""
    _, section = await policies.at(uow, uow.now)
    start = period_start(uow.now, section.evaluate_every_months)
    last = await evaluations.last_applied(uow, whole=True)
    if (last is not None and last >= start) or not await partners.any_enrolled(uow, by=start):
        return 0
    await evaluate(uow, policies, Request(start, Trigger.SCHEDULE, _BY, enrolled_by=start))
    return 1


async def end_graces(uow: UnitOfWork, policies: Policies[TieringPolicy]) -> int:
    """When a grace has ended, rank afresh: whoever has recovered stays, the others go down by one tier."""
    if not await standings.any_due(uow, uow.now):
        return 0
    await evaluate(uow, policies, Request(uow.now, Trigger.GRACE, _BY))
    return 1
