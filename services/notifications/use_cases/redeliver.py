"""Send a finished delivery again."""

from uuid import UUID

from services.notifications.domain.deliveries import DeliveryState
from services.notifications.domain.endpoints import must_be_enabled
from services.notifications.domain.refusals import DeliveryOpen
from services.notifications.store import deliveries, endpoints
from services.notifications.store.deliveries import Delivery
from shared.chassis.database import UnitOfWork


async def redeliver(uow: UnitOfWork, delivery_id: UUID) -> Delivery:
    """The delivery, due now under the same webhook-id, with the retry schedule from its beginning.

    Raises NotFound, EndpointDisabled, and DeliveryOpen while it is still being tried.
    """
    delivery = await deliveries.load(uow, delivery_id, lock=True)
    must_be_enabled(await endpoints.load(uow, delivery.endpoint_id))
    if delivery.state in (DeliveryState.PENDING, DeliveryState.SENDING):
        raise DeliveryOpen(due=delivery.due_at.isoformat(timespec="seconds") if delivery.due_at else "once")
    await deliveries.start_over(uow, delivery.id)
    return await deliveries.load(uow, delivery.id)
