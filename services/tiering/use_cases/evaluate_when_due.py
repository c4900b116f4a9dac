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
    """Rank as of the first instant of the running period, once, among those who had enrolled by then.

    If partners were moved after that instant already (a grace that ended), it is done as of now instead: time does not go back.
    """
    _, section = await policies.at(uow, uow.now)
    start = period_start(uow.now, section.evaluate_every_months)
    whole, last = await evaluations.last_applied(uow, whole=True), await evaluations.last_applied(uow)
    if (whole is not None and whole >= start) or not await partners.any_enrolled(uow, by=start):
        return 0
    as_of = start if last is None or last <= start else uow.now
    evaluation = await evaluate(uow, policies, Request(as_of, Trigger.SCHEDULE, _BY, enrolled_by=start))
    return int(evaluation.applied)


async def end_graces(uow: UnitOfWork, policies: Policies[TieringPolicy]) -> int:
    """When a grace has ended, rank afresh: whoever has recovered stays, the others go down by one tier."""
    if not await standings.any_due(uow, uow.now):
        return 0
    evaluation = await evaluate(uow, policies, Request(uow.now, Trigger.GRACE, _BY))
    return int(evaluation.applied)
