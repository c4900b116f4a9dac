"""Every list that a partner may read, read as each partner: what is there that is not its own?"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import orjson

from shared.chassis.identity.roles import ROLE_SCOPES, Role
from tests.integration.registration.world import World
from tests.support.services import transactional

# Who shares a win is named in its terms; who takes part in an agreement, in what it signs.
_TELLS_OF_OTHERS = {"credits", "overlays", "document"}
# What a list shows, and nothing less: the ids that are its partner's.
_WHOLE = {
    "/v1/deals": "select id from deals where partner_id = $1",
    "/v1/drafts": "select id from drafts where partner_id = $1",
    "/v1/waiting": "select id from waiting_list where partner_id = $1",
    "/v1/leads": "select id from leads where partner_id = $1",
    "/v1/extensions": "select id from extension_requests where partner_id = $1",
    "/v1/coselling": "select distinct agreement_id from cosell_parties where partner_id = $1",
    "/v1/conflicts": "select conflict_id from conflict_sides where partner_id = $1",
}


def lists(world: World) -> list[str]:
    """The paths of a partner's lists, exports among them."""
    return [
        context.path_format
        for context, route in transactional(world.service.app)
        if "GET" in (context.methods or ())
        and "{" not in context.path_format
        and route.scope in ROLE_SCOPES[Role.PARTNER]
        and not any(parameter.field_info.is_required() for parameter in route.dependant.query_params)
    ]


async def strangers(world: World, partner_id: UUID, client: httpx2.AsyncClient) -> list[tuple[str, str]]:
    """The path and the owner of each row of another partner that `client` is shown."""
    found = []
    for path in lists(world):
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        found += [(path, owner) for owner in _owners(_documents(answer)) if owner != str(partner_id)]
    return found


async def missing(world: World, partner_id: UUID, client: httpx2.AsyncClient) -> list[str]:
    """The paths of lists that show more or less than what is the partner's."""
    found = []
    for path, sql in _WHOLE.items():
        shown = [item["id"] for item in (await client.get(path, params={"limit": 250})).json()["items"]]
        if sorted(shown) != sorted(str(row[0]) for row in await world.rows(sql, partner_id)):
            found.append(path)
    return found


def _documents(answer: httpx2.Response) -> list[Any]:
    if answer.headers["content-type"].startswith("application/json"):
        return [orjson.loads(answer.content)]
    return [orjson.loads(line) for line in answer.content.splitlines()]


def _owners(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        for each in told:
            yield from _owners(each)
    elif isinstance(told, dict):
        for name, value in told.items():
            if name == "partner_id" and value is not None:
                yield value
            elif name not in _TELLS_OF_OTHERS:
                yield from _owners(value)
