"""Remove an endpoint for good."""

from uuid import UUID

from services.notifications.store import endpoints
from shared.chassis.database import UnitOfWork


async def remove_endpoint(uow: UnitOfWork, endpoint_id: UUID) -> None:
    """The endpoint, its secrets, deliveries and attempt log are gone. Raises NotFound."""
    endpoint = await endpoints.load(uow, endpoint_id, lock=True)
    await endpoints.remove(uow, endpoint.id)
