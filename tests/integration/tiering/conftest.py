"""Tiering on a real database, without a broker: events are handed over as records, its API is called in process."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage

Standings = Callable[[], Awaitable[list[dict[str, Any]]]]


@pytest.fixture
async def tiering(stage: Stage) -> Service:
    return await stage.launch("tiering", worker=False)


@pytest.fixture
async def operator(stage: Stage, tiering: Service) -> httpx2.AsyncClient:
    return stage.client(tiering)


@pytest.fixture
def standings(operator: httpx2.AsyncClient) -> Standings:
    """Evaluates now and lists where everyone stands."""

    async def evaluated() -> list[dict[str, Any]]:
        answer = await operator.post("/v1/evaluations")
        assert answer.status_code == 201, answer.text
        found: list[dict[str, Any]] = (await operator.get("/v1/standings", params={"limit": 250})).json()["items"]
        return found

    return evaluated
