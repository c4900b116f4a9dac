"""Keep up with how partnerships stand: suspended and terminated ones are paid as the rules say."""

from services.commission.domain.payouts import Standing
from services.commission.store import payees
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Incoming
from shared.schemas.partners import PartnerActivated, PartnerFact, PartnerSuspended, PartnerTerminated

HEARD: dict[type[PartnerFact], Standing] = {
    PartnerActivated: Standing.ACTIVE,
    PartnerSuspended: Standing.SUSPENDED,
    PartnerTerminated: Standing.TERMINATED,
}


async def hear_of_partner(uow: UnitOfWork, incoming: Incoming[PartnerFact]) -> None:
    """The partner's latest version counts; what is older changes nothing."""
    event = incoming.event
    await payees.hear(uow, event.partner_id, HEARD[type(event)], version=incoming.sequence)
