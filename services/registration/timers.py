"""Which due times lead to which use case."""

from services.registration.policy import Policy
from services.registration.use_cases.conflicts.escalate import EscalateLate
from services.registration.use_cases.expire import expire_due
from shared.chassis.policies import Policies
from shared.chassis.timers import Timer


def timers(policies: Policies[Policy], *, every_s: float) -> tuple[Timer, ...]:
    """Protections run out by themselves, and steps of conflicts become late."""
    return (
        Timer("expire protection", every_s, expire_due),
        Timer("escalate conflicts", every_s, EscalateLate(policies)),
    )
