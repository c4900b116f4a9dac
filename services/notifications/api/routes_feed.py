"""The feed over HTTP: the same events as the webhooks, to pull."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.notifications.api.models import FeedPage, Pattern
from services.notifications.use_cases.read_feed import feed_end, read_feed
from shared.chassis.http import Principal, Router, Uow, requires
from shared.chassis.http.paging import DEFAULT_LIMIT, MAX_LIMIT

router = Router(prefix="/v1/feed", tags=["feed"])
Reader = Annotated[Principal, requires("feed:read")]
Cursor = Annotated[str | None, Query(alias="next", max_length=100, description="where to go on: `next` of the answer before, or `latest`")]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Types = Annotated[list[Pattern] | None, Query(alias="type", max_length=100, description="only these, such as deal.closed or deal.*")]
Viewer = Annotated[UUID | None, Query(description="for staff: this partner's view in place of the vendor's")]
_LATEST = "latest"


@router.get("")
async def read(
    uow: Uow,
    actor: Reader,
    cursor: Cursor = None,
    types: Types = None,
    limit: Limit = DEFAULT_LIMIT,
    partner_id: Viewer = None,
) -> FeedPage:
    """Events in one order that never changes, from the oldest kept; nothing is skipped, however late it committed.

    Partners get their own view, staff the whole. Keep `next` and ask again with it, also when `items` is empty.
    """
    if cursor == _LATEST:
        return FeedPage.of(await feed_end(uow))
    viewer = actor.partner_id or partner_id
    return FeedPage.of(await read_feed(uow, viewer=viewer, cursor=cursor, limit=limit, event_types=types or ()))
