"""What is known of partners: one row each, the highest version wins."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.enablement.domain.partners import KnownPartner, Standing
from services.enablement.domain.record import PartnerId
from services.enablement.domain.refusals import PartnerUnknown
from services.enablement.store.tables import known_partners
from shared.chassis.database import UnitOfWork


async def get(uow: UnitOfWork, partner_id: PartnerId) -> KnownPartner:
    """Raises PartnerUnknown."""
    row = (await uow.execute(sa.select(known_partners).where(known_partners.c.id == partner_id))).one_or_none()
    if row is None:
        raise PartnerUnknown
    return KnownPartner(PartnerId(row.id), Standing(row.standing), row.sequence)


async def hear(uow: UnitOfWork, heard: KnownPartner) -> None:
    """Keep what is heard unless a later version is known: topics overtake one another, versions do not."""
    row = {"id": heard.id, "standing": heard.standing.value, "sequence": heard.sequence}
    statement = insert(known_partners).values(row)
    newer = known_partners.c.sequence < statement.excluded.sequence
    await uow.execute(statement.on_conflict_do_update(index_elements=["id"], set_=row, where=newer))
