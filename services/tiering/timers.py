"""Which due times lead to which use case."""

from functools import partial

from services.tiering.policy import TieringPolicy
from services.tiering.use_cases.evaluate_when_due import end_graces, evaluate_period
from shared.chassis.policies import Policies
from shared.chassis.timers import Timer


def timers(policies: Policies[TieringPolicy], *, every_s: float) -> tuple[Timer, ...]:
    """Quarters begin and graces end by themselves."""
    return (
        Timer("evaluate the period", every_s, partial(evaluate_period, policies=policies)),
        Timer("end graces", every_s, partial(end_graces, policies=policies)),
    )
