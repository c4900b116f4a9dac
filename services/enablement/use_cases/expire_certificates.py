"""Announce the certificates that have run out."""

from services.enablement.domain import record as rules
from services.enablement.mapping import EXPIRED, certification_expired
from services.enablement.store import records
from shared.chassis.database import UnitOfWork

BATCH = 500


async def expire_certificates(uow: UnitOfWork) -> int:
    """Expire up to a batch of certificates, each once; how many there were."""
    expired = [rules.expire(one, now=uow.now) for one in await records.due_certificates(uow, now=uow.now, limit=BATCH)]
    if expired:
        await records.save_expired(uow, expired)
    for certificate in expired:
        uow.emit(certification_expired(certificate, recorded_at=uow.now), sequence=EXPIRED)
    return len(expired)
