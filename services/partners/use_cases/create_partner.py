"""Create a partner as a prospect."""

from services.partners.domain import partner as rules
from services.partners.domain.partner import Details, Partner, PartnerId
from services.partners.store import partners
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def create_partner(uow: UnitOfWork, *, details: Details) -> Partner:
    """A prospect concerns nobody else yet, so no event goes out before it is activated."""
    prospect = rules.prospect(PartnerId(new_id()), details=details, now=uow.now)
    await partners.add(uow, prospect)
    return prospect
