"""Send a test event to one endpoint."""

from uuid import UUID

from services.notifications.domain.deliveries import DeliveryId
from services.notifications.domain.endpoints import must_be_enabled
from services.notifications.domain.messages import TEST_EVENT, Message
from services.notifications.store import deliveries, endpoints
from services.notifications.store.deliveries import Delivery
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id
from shared.chassis.telemetry import inject


async def send_test(uow: UnitOfWork, endpoint_id: UUID) -> Delivery:
    """Its delivery, which goes out, is retried and logged like any other. Raises NotFound, EndpointDisabled."""
    endpoint = await endpoints.load(uow, endpoint_id)
    must_be_enabled(endpoint)
    message = Message(str(new_id()), TEST_EVENT, uow.now, {"endpoint_id": str(endpoint.id)})
    delivery_id = DeliveryId(new_id())
    await deliveries.add_test(uow, delivery_id, endpoint, message, traceparent=inject())
    return await deliveries.load(uow, delivery_id)
