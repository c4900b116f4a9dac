"""Keep up with the standing of partners."""

from services.enablement.domain.partners import KnownPartner
from services.enablement.store import known_partners
from shared.chassis.database import UnitOfWork


async def hear_of_partner(uow: UnitOfWork, heard: KnownPartner) -> None:
    """A projection of the partner's latest version; what is older than the known one changes nothing."""
    await known_partners.hear(uow, heard)
