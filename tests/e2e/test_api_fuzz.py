"""Every service fuzzed from its own OpenAPI document: whatever is sent, never a 500, and every no is a problem document."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from shared.chassis.service import Service
from shared.chassis.testing import eventually
from shared.chassis.testing.stage import Stage
from tests.support.services import SERVICES

EXAMPLES = 10
ROUNDS = {"operator": 2, "partner": 1}  # ids that the first round made are used by the second
SLOWEST_S = 10.0

load_all_checks()
RESPONSE_CHECKS = [CHECKS.get_one(name) for name in ("not_a_server_error", "response_schema_conformance", "content_type_conformance")]


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[str]:
    """The service's API behind a real socket."""
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started, what="the server's start")
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await running


class Fuzzer:
    """Calls every operation with fitting and unfitting data; ids found in answers are sent back as path parameters."""

    def __init__(self, document: dict[str, Any], *, address: str, token: str) -> None:
        self._schema = schemathesis.openapi.from_dict(document)
        self._address = address
        self._session = requests.Session()
        self._session.headers["authorization"] = f"Bearer {token}"
        self._ids: list[str] = []
        self.statuses: dict[int, int] = {}

    def run(self, rounds: int) -> None:
        """Every operation, in every mode, for every round."""
        for _ in range(rounds):
            for found in self._schema.get_all_operations():
                assert isinstance(found, Ok), found
                for mode in GenerationMode:
                    self._fuzz(found.ok(), mode)

    def _fuzz(self, operation: APIOperation, mode: GenerationMode) -> None:
        @given(case=operation.as_strategy(generation_mode=mode), choice=st.randoms(use_true_random=False))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def one(case: Case, choice: random.Random) -> None:
            self._call(case, choice)

        one()

    def _call(self, case: Case, choice: random.Random) -> None:
        for name in case.path_parameters:
            if self._ids and choice.random() < 0.7:
                case.path_parameters[name] = choice.choice(self._ids)
        answer = case.call(self._address, session=self._session, timeout=SLOWEST_S)
        if answer.content == b"Invalid HTTP request received.":
            return  # what is not even HTTP, the server refuses before the service sees it
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=RESPONSE_CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], answer.headers
            assert answer.json()["code"]
        elif answer.content and answer.headers["content-type"] == ["application/json"]:
            self._learn(answer.json())

    def _learn(self, found: Any) -> None:
        if isinstance(found, dict):
            self._ids += [value for name, value in found.items() if name.endswith("id") and isinstance(value, str)]
            for value in found.values():
                self._learn(value)
        elif isinstance(found, list):
            for value in found:
                self._learn(value)


@pytest.mark.parametrize("role", ["operator", "partner"])
@pytest.mark.parametrize("name", SERVICES)
async def test_service_when_fuzzed_then_never_a_500(stage: Stage, name: str, role: str) -> None:
    service = await stage.launch(name, worker=False)
    async with served(service) as address:
        token = stage.token(role, partner_id=UUID(int=1) if role == "partner" else None)
        fuzzer = Fuzzer(service.app.openapi(), address=address, token=token)
        await asyncio.to_thread(fuzzer.run, ROUNDS[role])

    assert any(status < 300 for status in fuzzer.statuses), fuzzer.statuses
