"""Which due times lead to which use case."""

from services.registration.use_cases.expire import expire_due
from services.registration.use_cases.leads.watch import watch_leads
from shared.chassis.timers import Timer


def timers(*, every_s: float) -> tuple[Timer, ...]:
    """Protections run out by themselves, and leads are held to their service level."""
    return (Timer("expire protection", every_s, expire_due), Timer("watch leads", every_s, watch_leads))
