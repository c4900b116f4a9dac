"""Which events lead to which use case: facts about closed deals go to one set-based batch, what else is heard before them."""

from collections.abc import Sequence
from typing import Any

from services.commission.mapping import CONSUMED
from services.commission.mapping_conflicts import HEARD as CONFLICTS
from services.commission.store.plans import Plans
from services.commission.use_cases.conflicts.hear_of_conflicts import hear_of_conflicts
from services.commission.use_cases.payouts.hear_of_partners import HEARD, hear_of_partners
from services.commission.use_cases.take_in import TakeIn
from services.commission.use_cases.take_in_cash import Intake
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Handlers, Incoming


def handlers(plans: Plans) -> Handlers:
    """A failed event holds up its partner (the record key): positions follow posting order."""
    take_in = Intake(TakeIn(plans))

    async def batch(uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> None:
        heard = [incoming for incoming in incomings if type(incoming.event) in HEARD]
        if heard:
            await hear_of_partners(uow, heard)
        conflicts = [incoming for incoming in incomings if type(incoming.event) in CONFLICTS]
        if conflicts:
            await hear_of_conflicts(uow, conflicts, plans=plans)
        # what is heard of partners and conflicts changes nothing about what is earned, so it may go first
        others = heard or conflicts
        deals = incomings if not others else [each for each in incomings if type(each.event) not in (*HEARD, *CONFLICTS)]
        if deals:
            await take_in(uow, deals)

    return Handlers(types=(*CONSUMED, *HEARD, *CONFLICTS), batch=batch)
