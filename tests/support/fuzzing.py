"""Calls every operation of an OpenAPI document with fitting and unfitting data, and sends back the ids that it finds in answers."""

import asyncio
import copy
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response, SerializationContext
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from services.registration.import_row import ImportRow
from shared.chassis.service import Service
from shared.chassis.testing import eventually

NDJSON = "application/x-ndjson"
NOT_EVEN_HTTP = b"Invalid HTTP request received."  # the server's own answer, before the service sees anything
TIMEOUT_S = 20.0


@schemathesis.serializer(NDJSON)
def lines(_: SerializationContext, value: Any) -> bytes:
    """Rows as lines; what is not even a list, as one."""
    rows = value if isinstance(value, list) else [value]
    return b"\n".join(row.encode("utf-8", "replace") if isinstance(row, str) else json.dumps(row).encode() for row in rows)


def document_of(service: Service) -> dict[str, Any]:
    """The service's OpenAPI document; where it says "one ImportRow a line", the rows are described too."""
    document = copy.deepcopy(service.app.openapi())
    schemas = document["components"]["schemas"]
    for path in document["paths"].values():
        for operation in path.values():
            if NDJSON in operation.get("requestBody", {}).get("content", {}):
                row = ImportRow.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas.update(row.pop("$defs", {}))
                operation["requestBody"]["content"][NDJSON]["schema"] = {"type": "array", "items": row, "maxItems": 5}
    return document


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


def _json(case: Case, answer: Response) -> Any:
    """What the answer holds. Raises AssertionError that says what came instead."""
    try:
        return json.loads(answer.content)
    except ValueError as error:
        told = f"{case.method} {case.formatted_path} sent {case.body!r}: {answer.status_code} {answer.headers} {answer.content!r}"
        raise AssertionError(told[:2000]) from error


@dataclass
class Fuzzer:
    """Fuzzes the service described by `document` at `address` as the bearer of `token`; `check` judges every answer.

    Path parameters are drawn from `ids` with the chance `aim`; with `learning`, ids found in answers are added.
    Values of `fixed` replace fields of the same name in bodies and queries, half of the time.
    """

    document: dict[str, Any]
    address: str
    token: str
    check: Callable[[Case, Response], None]
    examples: int = 8
    modes: Sequence[GenerationMode] = tuple(GenerationMode)
    ids: list[str] = field(default_factory=list)
    learning: bool = True
    aim: float = 0.7
    fixed: dict[str, str] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)

    def run(self) -> None:
        """Every operation, in every mode. Blocks: call it in a thread."""
        with requests.Session() as session:
            session.headers["authorization"] = f"Bearer {self.token}"
            schema = schemathesis.openapi.from_dict(self.document)
            for found in schema.get_all_operations():
                assert isinstance(found, Ok), found
                for mode in self.modes:
                    if mode is GenerationMode.POSITIVE or _asks_for_something(found.ok()):
                        self._fuzz(found.ok(), mode, session)

    def _fuzz(self, operation: APIOperation, mode: GenerationMode, session: requests.Session) -> None:
        @given(case=operation.as_strategy(generation_mode=mode), choice=st.randoms(use_true_random=False))
        @settings(
            max_examples=self.examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def one(case: Case, choice: random.Random) -> None:
            self._aim(case, choice)
            answer = case.call(self.address, session=session, timeout=TIMEOUT_S)
            if answer.content != NOT_EVEN_HTTP:
                self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
                self.check(case, answer)
                told = answer.status_code < 300 and answer.status_code != 204  # which has no body, whatever its headers say
                if self.learning and told and answer.headers.get("content-type") == ["application/json"]:
                    assert answer.content, (
                        f"{case.method} {case.formatted_path}: {answer.status_code} promises JSON and is empty: {answer.headers}"
                    )
                    self.ids += ids_in(answer.json())

        one()

    def _aim(self, case: Case, choice: random.Random) -> None:
        for name in case.path_parameters:
            if self.ids and choice.random() < self.aim:
                case.path_parameters[name] = choice.choice(self.ids)
        for place in (case.body, case.query):
            if isinstance(place, dict):
                for name in self.fixed.keys() & place.keys():
                    if choice.random() < 0.5:
                        place[name] = self.fixed[name]


def _asks_for_something(operation: APIOperation) -> bool:
    """Whether there is anything that could be sent wrong."""
    return bool(operation.body) or any(True for _ in operation.iter_parameters())


def ids_in(found: Any) -> list[str]:
    """Every string under a name that ends in "id"."""
    if isinstance(found, dict):
        own = [value for name, value in found.items() if name.endswith("id") and isinstance(value, str)]
        return own + [each for value in found.values() for each in ids_in(value)]
    return [each for value in found for each in ids_in(value)] if isinstance(found, list) else []
