"""Write down what came of a number of attempts."""

from collections.abc import Sequence

from services.notifications.domain.endpoints import Cause, EndpointId, disabled
from services.notifications.store import endpoints, outgoing
from services.notifications.store.outgoing import Settled
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound


async def settle_attempts(uow: UnitOfWork, attempts: Sequence[Settled]) -> None:
    """Log them, move the deliveries on, note each endpoint's standing, and disable those that are gone.

    Endpoints before deliveries, as everywhere: the removal of an endpoint locks in that order too.
    """
    for endpoint_id in sorted({a.due.endpoint_id for a in attempts if a.verdict.endpoint_gone}):
        await _give_up(uow, endpoint_id)
    await endpoints.note_health(uow, {a.due.endpoint_id: a.answer.accepted for a in attempts})
    await outgoing.settle(uow, attempts)


async def _give_up(uow: UnitOfWork, endpoint_id: EndpointId) -> None:
    try:
        endpoint = await endpoints.load(uow, endpoint_id, lock=True)
    except NotFound:
        return  # removed meanwhile
    await endpoints.save(uow, disabled(endpoint, cause=Cause.GONE, now=uow.now))
