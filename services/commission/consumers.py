"""Which events lead to which use case: facts about closed deals go to one set-based batch, facts about partners to their standing."""

from collections.abc import Sequence
from typing import Any

from services.commission.mapping import CONSUMED
from services.commission.store.plans import Plans
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
        # what is heard of partners changes nothing about what they earn, so it may go first
        deals = incomings if not heard else [incoming for incoming in incomings if type(incoming.event) not in HEARD]
        if deals:
            await take_in(uow, deals)

    return Handlers(types=(*CONSUMED, *HEARD), batch=batch)
