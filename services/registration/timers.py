"""Which due times lead to which use case."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from services.registration.policy import Policy
from services.registration.use_cases.conflicts.escalate import escalate_late
from services.registration.use_cases.coselling.plan import tell_overdue
from services.registration.use_cases.coselling.sign import lapse_due
from services.registration.use_cases.expire import expire_due, lapse_silent, warn_of_end
from services.registration.use_cases.leads.watch import watch_leads
from services.registration.use_cases.receipts.check import ReceiptCheck
from services.registration.use_cases.reviews.chase import chase
from services.registration.use_cases.sweep_accounts import sweep_accounts
from services.registration.use_cases.waiting.offer import offer_free
from shared.chassis.database import UnitOfWork
from shared.chassis.policies import Policies
from shared.chassis.timers import Timer


class Work(Protocol):
    """One portion of due work under a policy; returns how much there was."""

    async def __call__(self, uow: UnitOfWork, *, policy: Policy) -> int: ...


def under_policy(policies: Policies[Policy], work: Work) -> Callable[[UnitOfWork], Awaitable[int]]:
    """`work` as a timer runs it: under the policy of the moment at which it runs."""

    async def run(uow: UnitOfWork) -> int:
        return await work(uow, policy=(await policies.at(uow, uow.now))[1])

    return run


def timers(policies: Policies[Policy], *, every_s: float, receipts: ReceiptCheck, receipts_every_s: float) -> tuple[Timer, ...]:
    """Protections end by themselves, reviews grow late, free accounts are offered to the next in line, like accounts are compared."""
    at_policy = partial(under_policy, policies)
    return (
        Timer("expire protection", every_s, expire_due),
        Timer("end silent protection", every_s, at_policy(lapse_silent)),
        Timer("announce the end of protection", every_s, at_policy(warn_of_end)),
        Timer("chase reviews", every_s, at_policy(chase)),
        Timer("offer free accounts", every_s, at_policy(offer_free)),
        Timer("look for like accounts", every_s, at_policy(sweep_accounts)),
        Timer("check receipts", receipts_every_s, receipts),
        Timer("escalate conflicts", every_s, at_policy(escalate_late)),
        Timer("watch leads", every_s, watch_leads),
        Timer("lapse invitations", every_s, lapse_due),
        Timer("tell overdue steps", every_s, tell_overdue),
    )
