"""Correct what is known of a partner."""

from collections.abc import Callable

from services.partners.domain import partner as rules
from services.partners.domain.partner import Details, Partner, PartnerId
from services.partners.mapping import event_of
from services.partners.store import partners
from shared.chassis.database import UnitOfWork


async def change_details(uow: UnitOfWork, partner_id: PartnerId, *, details: Details, expects: Callable[[int], None]) -> Partner:
    """`expects` raises if the version found is not the one that the caller means. Raises NotFound, PartnerStateRefused."""
    before = await partners.locked(uow, partner_id)
    expects(before.version)
    after, fact = rules.change(before, details=details, now=uow.now)
    await partners.save(uow, after)
    if fact:
        uow.emit(event_of(fact, recorded_at=uow.now), sequence=after.version)
    return after
