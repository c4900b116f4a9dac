"""Which due times lead to which use case."""

from services.registration.policy import Policy
from services.registration.use_cases.conflicts.escalate import EscalateLate
from services.registration.use_cases.coselling.plan import tell_overdue
from services.registration.use_cases.coselling.sign import lapse_due
from services.registration.use_cases.expire import LapseSilent, WarnOfEnd, expire_due
from services.registration.use_cases.leads.watch import watch_leads
from services.registration.use_cases.receipts.check import ReceiptCheck
from services.registration.use_cases.reviews.chase import Chase
from services.registration.use_cases.sweep_accounts import sweep_accounts
from services.registration.use_cases.waiting.offer import OfferFree
from shared.chassis.database import UnitOfWork
from shared.chassis.policies import Policies
from shared.chassis.timers import Timer


def timers(policies: Policies[Policy], *, every_s: float, receipts: ReceiptCheck, receipts_every_s: float) -> tuple[Timer, ...]:
    """Protections end by themselves, reviews grow late, free accounts are offered to the next in line, like accounts are compared."""

    async def sweep(uow: UnitOfWork) -> int:
        return await sweep_accounts(uow, policy=(await policies.at(uow, uow.now))[1])

    return (
        Timer("expire protection", every_s, expire_due),
        Timer("end silent protection", every_s, LapseSilent(policies)),
        Timer("announce the end of protection", every_s, WarnOfEnd(policies)),
        Timer("chase reviews", every_s, Chase(policies)),
        Timer("offer free accounts", every_s, OfferFree(policies)),
        Timer("look for like accounts", every_s, sweep),
        Timer("check receipts", receipts_every_s, receipts),
        Timer("escalate conflicts", every_s, EscalateLate(policies)),
        Timer("watch leads", every_s, watch_leads),
        Timer("lapse invitations", every_s, lapse_due),
        Timer("tell overdue steps", every_s, tell_overdue),
    )
