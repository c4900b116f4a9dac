"""What the steps of learning load alike: the course, the person's record, and the partner's leave."""

from datetime import datetime

from services.enablement.domain.courses import Catalogue
from services.enablement.domain.partners import expect_active
from services.enablement.domain.record import PartnerId, PersonId, Record
from services.enablement.policy import Programme
from services.enablement.store import known_partners, records
from shared.chassis.database import UnitOfWork


async def catalogue_at(uow: UnitOfWork, programme: Programme, *, instant: datetime) -> Catalogue:
    """The catalogue in force at `instant`."""
    _version, policy = await programme.at(uow, instant)
    return policy.catalogue()


async def record_of(uow: UnitOfWork, *, person_id: PersonId, partner_id: PartnerId) -> Record:
    """The locked record of an active partner's person. Raises PartnerUnknown, PartnerNotActive."""
    expect_active(await known_partners.get(uow, partner_id))
    return await records.locked(uow, person_id=person_id, partner_id=partner_id)
