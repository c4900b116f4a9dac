"""Which due times lead to which use case."""

from services.registration.policy import Policy
from services.registration.use_cases.expire import LapseSilent, WarnOfEnd, expire_due
from services.registration.use_cases.reviews.chase import Chase
from services.registration.use_cases.waiting.offer import OfferFree
from shared.chassis.policies import Policies
from shared.chassis.timers import Timer


def timers(policies: Policies[Policy], *, every_s: float) -> tuple[Timer, ...]:
    """Protections end by themselves, reviews grow late, accounts that became free are offered to the next in line."""
    return (
        Timer("expire protection", every_s, expire_due),
        Timer("end silent protection", every_s, LapseSilent(policies)),
        Timer("announce the end of protection", every_s, WarnOfEnd(policies)),
        Timer("chase reviews", every_s, Chase(policies)),
        Timer("offer free accounts", every_s, OfferFree(policies)),
    )
