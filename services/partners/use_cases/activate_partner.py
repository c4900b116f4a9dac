"""Activate a prospect whose agreement is signed."""

from datetime import datetime

from services.partners.domain import partner as rules
from services.partners.domain.partner import Partner, PartnerId
from services.partners.mapping import event_of
from services.partners.store import partners
from shared.chassis.database import UnitOfWork


async def activate_partner(uow: UnitOfWork, partner_id: PartnerId, *, enrolled_at: datetime | None) -> Partner:
    """`enrolled_at` defaults to now. Raises NotFound, PartnerStateRefused, EnrolmentInFuture."""
    before = await partners.locked(uow, partner_id)
    after, fact = rules.activate(before, enrolled_at=enrolled_at or uow.now, now=uow.now)
    await partners.save(uow, after)
    uow.emit(event_of(fact, recorded_at=uow.now), sequence=after.version)
    return after
