"""Enable or disable an endpoint."""

from uuid import UUID

from services.notifications.domain.endpoints import Cause, Endpoint, disabled, enabled
from services.notifications.store import deliveries, endpoints
from shared.chassis.database import UnitOfWork


async def enable_endpoint(uow: UnitOfWork, endpoint_id: UUID) -> Endpoint:
    """Send again; what was open when it was disabled is due at once, what happened since is in the feed. Raises NotFound."""
    endpoint = enabled(await endpoints.load(uow, endpoint_id, lock=True), now=uow.now)
    await endpoints.save(uow, endpoint)
    await deliveries.make_due(uow, endpoint.id)
    return endpoint


async def disable_endpoint(uow: UnitOfWork, endpoint_id: UUID, *, cause: Cause) -> Endpoint:
    """Send nothing any more. Raises NotFound."""
    endpoint = disabled(await endpoints.load(uow, endpoint_id, lock=True), cause=cause, now=uow.now)
    await endpoints.save(uow, endpoint)
    return endpoint
