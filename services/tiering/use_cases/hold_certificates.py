"""Keep which people are certified, and until when."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.tiering.domain.certificates import Certificate
from services.tiering.store import certificates
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Incoming
from shared.schemas.base import Event


def certificate_name(certificate_id: UUID) -> str:
    """What an expiry waits for, and what is locked while a certificate or its expiry is taken in."""
    return f"certificate:{certificate_id}"


async def take_certificates(uow: UnitOfWork, passed: Sequence[Certificate]) -> None:
    """New certificates count from when they were passed; expiries that came before them are handled next."""
    if passed:
        await certificates.take(uow, passed)
        await uow.release(*(certificate_name(one.certificate_id) for one in passed))


async def end_certificate(uow: UnitOfWork, certificate_id: UUID, *, at: datetime, incoming: Incoming[Event]) -> None:
    """An expiry ends its certificate, or waits for it."""
    if not await certificates.end(uow, certificate_id, at=at):
        await uow.wait_for(certificate_name(certificate_id), incoming, reason="its certificate has not arrived")
