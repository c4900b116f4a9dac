"""Which due times lead to which use case."""

from services.registration.use_cases.coselling.plan import tell_overdue
from services.registration.use_cases.coselling.sign import lapse_due
from services.registration.use_cases.expire import expire_due
from services.registration.use_cases.leads.watch import watch_leads
from shared.chassis.timers import Timer


def timers(*, every_s: float) -> tuple[Timer, ...]:
    """Protections and invitations run out by themselves, leads are held to their service level, plans to their days."""
    return (
        Timer("expire protection", every_s, expire_due),
        Timer("watch leads", every_s, watch_leads),
        Timer("lapse invitations", every_s, lapse_due),
        Timer("tell overdue steps", every_s, tell_overdue),
    )
