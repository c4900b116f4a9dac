"""Deliveries and their attempts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.notifications.api.models import AttemptView, DeliveryView
from services.notifications.domain.deliveries import DeliveryState
from services.notifications.store import deliveries, endpoints
from services.notifications.use_cases.redeliver import redeliver
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires

router = Router(prefix="/v1", tags=["webhook deliveries"])
Reader = Annotated[Principal, requires("endpoints:read")]
Owner = Annotated[Principal, requires("endpoints:write")]


@router.get("/endpoints/{endpoint_id}/deliveries")
async def index(
    endpoint_id: UUID, uow: Uow, actor: Reader, paging: PageQuery, state: Annotated[DeliveryState | None, Query()] = None
) -> Page[DeliveryView]:
    """What was sent to the endpoint or will be, newest first."""
    endpoint = await endpoints.load(uow, endpoint_id)
    before = paging.after(int)
    rows = await deliveries.page(uow, endpoint.id, before=before[0] if before else None, limit=paging.limit + 1, state=state)
    return paging.page(rows, view=DeliveryView.of, key=lambda delivery: (delivery.number,))


@router.get("/deliveries/{delivery_id}")
async def show(delivery_id: UUID, uow: Uow, actor: Reader) -> DeliveryView:
    """One delivery."""
    return DeliveryView.of(await deliveries.load(uow, delivery_id))


@router.get("/deliveries/{delivery_id}/attempts")
async def attempts(delivery_id: UUID, uow: Uow, actor: Reader) -> list[AttemptView]:
    """The attempt log, oldest first."""
    delivery = await deliveries.load(uow, delivery_id)
    return [AttemptView.of(attempt) for attempt in await deliveries.attempts_of(uow, delivery.id)]


@router.post("/deliveries/{delivery_id}/redeliver", status_code=202)
async def again(delivery_id: UUID, uow: Uow, actor: Owner) -> DeliveryView:
    """Send a delivered or failed one again, under the same webhook-id."""
    return DeliveryView.of(await redeliver(uow, delivery_id))
