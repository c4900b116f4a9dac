"""Change an endpoint's address, filter or description."""

from collections.abc import Callable
from uuid import UUID

from services.notifications.domain.endpoints import Endpoint, Wish, changed
from services.notifications.domain.rules import Rules
from services.notifications.store import endpoints
from services.notifications.use_cases.add_endpoint import checked
from shared.chassis.database import UnitOfWork


async def change_endpoint(uow: UnitOfWork, endpoint_id: UUID, *, wish: Wish, rules: Rules, expects: Callable[[int], None]) -> Endpoint:
    """The endpoint as it is now; deliveries under way go to the new address. Raises NotFound, UrlRefused, EventTypeUnknown."""
    endpoint = await endpoints.load(uow, endpoint_id, lock=True)
    expects(endpoint.version)
    endpoint = changed(endpoint, wish=checked(wish, rules=rules), now=uow.now)
    await endpoints.save(uow, endpoint)
    return endpoint
