"""Which events lead to which use case."""

from services.enablement.mapping import partner_heard
from services.enablement.use_cases.hear_of_partner import hear_of_partner
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Handlers, Incoming
from shared.schemas.partners import PartnerActivated, PartnerFact, PartnerSuspended, PartnerTerminated


def handlers() -> Handlers:
    """The three facts about a partner's standing, in whatever order their topics deliver them."""
    return Handlers({PartnerActivated: _on_partner, PartnerSuspended: _on_partner, PartnerTerminated: _on_partner})


async def _on_partner(uow: UnitOfWork, incoming: Incoming[PartnerFact]) -> None:
    await hear_of_partner(uow, partner_heard(incoming.event, sequence=incoming.sequence))
