"""Keep up with how partnerships stand: suspended and terminated ones are paid as the rules say."""

from collections.abc import Sequence
from uuid import UUID

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


async def hear_of_partners(uow: UnitOfWork, incomings: Sequence[Incoming[PartnerFact]]) -> None:
    """The latest version of each partner counts; what is older changes nothing."""
    latest: dict[UUID, tuple[int, Standing]] = {}
    for incoming in incomings:
        said = (incoming.sequence, HEARD[type(incoming.event)])
        partner_id = incoming.event.partner_id
        latest[partner_id] = max(said, latest.get(partner_id, said))
    await payees.hear(uow, latest)
