"""Keep up with who may be ranked."""

from collections.abc import Sequence

from services.tiering.domain.partners import PartnerFact
from services.tiering.store import partners
from shared.chassis.database import UnitOfWork


async def hear_of_partners(uow: UnitOfWork, facts: Sequence[PartnerFact]) -> None:
    """A projection of each partner's latest version; what is older than the known one changes no status."""
    if facts:
        await partners.hear(uow, facts)
