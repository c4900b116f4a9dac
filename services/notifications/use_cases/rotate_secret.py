"""Give an endpoint a new signing secret."""

from uuid import UUID

from services.notifications.domain.endpoints import Endpoint
from services.notifications.domain.rules import Rules
from services.notifications.domain.secrets import Secret, rotated
from services.notifications.store import endpoints
from services.notifications.store.secrets import Secrets
from services.notifications.use_cases.fresh_secret import fresh_secret
from shared.chassis.database import UnitOfWork


async def rotate_secret(
    uow: UnitOfWork, endpoint_id: UUID, *, immediate: bool, rules: Rules, secrets: Secrets
) -> tuple[Endpoint, list[Secret]]:
    """The endpoint and its live secrets, the new one first. Raises NotFound, RotationUnderWay."""
    endpoint = await endpoints.load(uow, endpoint_id, lock=True)
    present = secrets.opened((await secrets.sealed(uow, [endpoint.id]))[endpoint.id])
    fresh = fresh_secret(now=uow.now)
    kept = rotated(present, fresh=fresh, overlap=rules.rotation_overlap, immediate=immediate, now=uow.now)
    await secrets.replace(uow, endpoint, kept)
    return endpoint, kept
