"""End a partnership for good."""

from services.partners.domain import partner as rules
from services.partners.domain.partner import Partner, PartnerId
from services.partners.mapping import event_of
from services.partners.store import partners
from shared.chassis.database import UnitOfWork


async def terminate_partner(uow: UnitOfWork, partner_id: PartnerId, *, reason: str) -> Partner:
    """Raises NotFound, PartnerStateRefused."""
    before = await partners.locked(uow, partner_id)
    after, fact = rules.terminate(before, reason=reason, now=uow.now)
    await partners.save(uow, after)
    uow.emit(event_of(fact, recorded_at=uow.now), sequence=after.version)
    return after
