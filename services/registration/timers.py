"""Which due times lead to which use case."""

from services.registration.policy import Policy
from services.registration.use_cases.expire import expire_due
from services.registration.use_cases.sweep_accounts import sweep_accounts
from shared.chassis.database import UnitOfWork
from shared.chassis.policies import Policies
from shared.chassis.timers import Timer


def timers(policies: Policies[Policy], *, every_s: float) -> tuple[Timer, ...]:
    """Protections run out by themselves; accounts that nobody looked at are compared."""

    async def sweep(uow: UnitOfWork) -> int:
        return await sweep_accounts(uow, policy=(await policies.at(uow, uow.now))[1])

    return (Timer("expire protection", every_s, expire_due), Timer("look for like accounts", every_s, sweep))
