"""Which due times lead to which use case."""

from services.registration.use_cases.expire import expire_due
from shared.chassis.timers import Timer


def timers(*, every_s: float) -> tuple[Timer, ...]:
    """Protections run out by themselves."""
    return (Timer("expire protection", every_s, expire_due),)
