"""Rows of a sales system, and what the intake's routes say of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson

from tests.integration.registration.world import World

DAY = timedelta(days=1)
START = datetime(2025, 1, 1, tzinfo=UTC)


def row(world: World, number: int = 1, **changed: Any) -> dict[str, Any]:
    """An open opportunity of the first partner, engaged on the first of January."""
    told = {
        "source": "crm",
        "external_id": f"O{number}",
        "partner_id": str(world.partner_id),
        "account_name": f"Acme {number}",
        "country": "DE",
        "families": ["GTX"],
        "engaged_at": START,
        "stage": "open",
    }
    return {
        key: value.isoformat() if isinstance(value, datetime) else value for key, value in (told | changed).items() if value is not None
    }


def won(world: World, number: int = 1, *, amount: str = "1054.00", **changed: Any) -> dict[str, Any]:
    return row(world, number, stage="won", closed_at=START + 10 * DAY, amount=amount, **changed)


async def put(world: World, told: dict[str, Any], *, by: httpx2.AsyncClient | None = None) -> httpx2.Response:
    """PUT one opportunity, as staff unless said otherwise."""
    body = {key: value for key, value in told.items() if key not in ("source", "external_id")}
    return await (by or world.staff).put(f"/v1/opportunities/{told['source']}/{told['external_id']}", json=body)


async def news(world: World, *states: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What became of each state, put one after the other."""
    answers = [(await put(world, state)).json() for state in states]
    return [(answer.get("result", "refused"), answer.get("news", answer.get("code"))) for answer in answers]


async def queue(world: World, source: str = "crm", **query: Any) -> list[dict[str, Any]]:
    """The errors of a source, open ones unless `state` is given."""
    answer = await world.staff.get(f"/v1/intake/{source}/errors", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def gaps(world: World, *, filled: bool = False) -> list[tuple[str, list[tuple[int, int]], str | None]]:
    found = (await world.staff.get("/v1/intake/crm/gaps", params={"filled": filled})).json()["items"]
    return [(gap["external_id"], [(span["first"], span["last"]) for span in gap["missing"]], gap["filled_by"]) for gap in found]


async def rule(world: World, **changed: Any) -> None:
    """The programme says otherwise from now on."""
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.fetch("update policies set body = body || $1::text::jsonb", orjson.dumps(changed).decode())


async def topics(world: World) -> list[str]:
    return [topic for topic, _, _ in await world.events()]
