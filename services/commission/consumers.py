"""Which events lead to which use case: all four facts about closed deals go to one set-based batch."""

from services.commission.mapping import CONSUMED
from services.commission.store.plans import Plans
from services.commission.use_cases.take_in import TakeIn
from services.commission.use_cases.take_in_cash import Intake
from shared.chassis.events import Handlers


def handlers(plans: Plans) -> Handlers:
    """A failed event holds up its partner (the record key): positions follow posting order."""
    return Handlers(types=CONSUMED, batch=Intake(TakeIn(plans)))
