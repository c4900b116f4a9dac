"""Webhook endpoints over HTTP: open, list, change, switch, rotate, test, remove."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.notifications.api.answers import shown_once
from services.notifications.api.desk import AtDesk
from services.notifications.api.models import DeliveryView, EndpointView, EndpointWish, NewEndpoint, Rotation, SecretShown
from services.notifications.domain.endpoints import Cause, Endpoint
from services.notifications.domain.refusals import OtherPartner
from services.notifications.store import endpoints
from services.notifications.use_cases.add_endpoint import add_endpoint
from services.notifications.use_cases.change_endpoint import change_endpoint
from services.notifications.use_cases.remove_endpoint import remove_endpoint
from services.notifications.use_cases.rotate_secret import rotate_secret
from services.notifications.use_cases.send_test import send_test
from services.notifications.use_cases.switch_endpoint import disable_endpoint, enable_endpoint
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires

router = Router(prefix="/v1/endpoints", tags=["webhook endpoints"])
Reader = Annotated[Principal, requires("endpoints:read")]
Owner = Annotated[Principal, requires("endpoints:write")]


@router.post("", status_code=201, response_model=SecretShown)
async def create(body: NewEndpoint, uow: Uow, actor: Owner, desk: AtDesk) -> Response:
    """Open an endpoint; the answer holds its signing secret (Standard Webhooks), which is not shown again."""
    if actor.partner_id and body.partner_id not in (None, actor.partner_id):
        raise OtherPartner
    rules = await desk.programme.at(uow, uow.now)
    endpoint, secret = await add_endpoint(
        uow, body.wish(), partner_id=actor.partner_id or body.partner_id, rules=rules, secrets=desk.secrets
    )
    return shown_once(SecretShown.of(endpoint, [secret]), status=201, version=endpoint.version)


@router.get("")
async def index(uow: Uow, actor: Reader, paging: PageQuery, partner_id: Annotated[UUID | None, Query()] = None) -> Page[EndpointView]:
    """Endpoints in the order in which they were opened; a partner sees its own."""
    after = paging.after(int)
    rows = await endpoints.page(uow, after=after[0] if after else 0, limit=paging.limit + 1, partner_id=partner_id or actor.partner_id)
    return paging.page(rows, view=lambda row: EndpointView.of(row[1]), key=lambda row: (row[0],))


@router.get("/{endpoint_id}")
async def show(endpoint_id: UUID, uow: Uow, actor: Reader, response: Response) -> EndpointView:
    """One endpoint."""
    return _answer(await endpoints.load(uow, endpoint_id), response)


@router.put("/{endpoint_id}")
async def change(
    endpoint_id: UUID, body: EndpointWish, uow: Uow, actor: Owner, desk: AtDesk, if_match: IfMatch, response: Response
) -> EndpointView:
    """Change address, filter or description; send the ETag that you read as `If-Match`."""
    rules = await desk.programme.at(uow, uow.now)
    expects = partial(if_match.expects, required=True)
    return _answer(await change_endpoint(uow, endpoint_id, wish=body.wish(), rules=rules, expects=expects), response)


@router.delete("/{endpoint_id}", status_code=204)
async def remove(endpoint_id: UUID, uow: Uow, actor: Owner) -> None:
    """Remove an endpoint with its deliveries and their log."""
    await remove_endpoint(uow, endpoint_id)


@router.post("/{endpoint_id}/enable")
async def enable(endpoint_id: UUID, uow: Uow, actor: Owner, response: Response) -> EndpointView:
    """Send again. Open deliveries are due at once; what happened while it was disabled is in the feed."""
    return _answer(await enable_endpoint(uow, endpoint_id), response)


@router.post("/{endpoint_id}/disable")
async def disable(endpoint_id: UUID, uow: Uow, actor: Owner, response: Response) -> EndpointView:
    """Send nothing until it is enabled again."""
    return _answer(await disable_endpoint(uow, endpoint_id, cause=Cause.OWNER), response)


@router.post("/{endpoint_id}/rotate-secret", response_model=SecretShown)
async def rotate(endpoint_id: UUID, body: Rotation, uow: Uow, actor: Owner, desk: AtDesk) -> Response:
    """Make a new signing secret. Every webhook carries both signatures until the overlap ends, unless `immediate`."""
    rules = await desk.programme.at(uow, uow.now)
    endpoint, secrets = await rotate_secret(uow, endpoint_id, immediate=body.immediate, rules=rules, secrets=desk.secrets)
    return shown_once(SecretShown.of(endpoint, secrets), status=200, version=endpoint.version)


@router.post("/{endpoint_id}/test", status_code=202)
async def test(endpoint_id: UUID, uow: Uow, actor: Owner) -> DeliveryView:
    """Send an `endpoint.test` event to this endpoint alone; the answer is its delivery, to be watched."""
    return DeliveryView.of(await send_test(uow, endpoint_id))


def _answer(endpoint: Endpoint, response: Response) -> EndpointView:
    etag(response, endpoint.version)
    return EndpointView.of(endpoint)
