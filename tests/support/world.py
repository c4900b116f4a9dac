"""All services at once without a broker: what one publishes is handed to those who listen, when the test says so."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr

from shared.chassis.events.incoming import Raw
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from tests.support.asgi import Answer, Client
from tests.support.services import SERVICES

_UNSENT = """
update outbox set published_at = clock_timestamp() where published_at is null
returning id, aggregatetype, aggregateid, payload, headers"""


async def launch(stage: Stage, name: str, *, worker: bool = False, **changed: object) -> Service:
    """One service, with the settings that it cannot do without."""
    sealing = name in {"commission", "notifications"}
    keys: dict[str, object] = {"secret_keys": SecretStr(urlsafe_b64encode(bytes(32)).decode())} if sealing else {}
    return await stage.launch(name, worker=worker, **keys, **changed)


class World:
    """Every service of the product on one stage."""

    def __init__(self, stage: Stage, services: dict[str, Service]) -> None:
        self.stage = stage
        self.services = services

    @classmethod
    async def of(cls, stage: Stage) -> "World":
        return cls(stage, {name: await launch(stage, name) for name in SERVICES})

    def client(self, service: str, role: str = "operator", *, partner_id: UUID | None = None) -> Client:
        """A caller of one service."""
        return Client(self.services[service].app, token=self.stage.token(role, partner_id=partner_id))

    async def post(
        self, service: str, path: str, body: dict[str, Any] | None = None, *, role: str = "operator", partner_id: UUID | None = None
    ) -> Any:
        """The answer to a POST that must succeed."""
        answer = await self.client(service, role, partner_id=partner_id).post(path, json=body or {})
        assert answer.status < 300, (service, path, answer.status, answer.body)
        return answer.json

    async def get(self, service: str, path: str, *, role: str = "operator", partner_id: UUID | None = None) -> Answer:
        """The answer to a GET."""
        return await self.client(service, role, partner_id=partner_id).get(path)

    async def end_month(self) -> None:
        """A month later the timers state what was recorded; then time goes on from where it stood."""
        now = self.stage.clock.now()
        self.stage.clock.advance(timedelta(days=31))
        await self.services["commission"].worker.timers.run_due()
        self.stage.clock.set(now)
        await self.spread()

    async def spread(self) -> int:
        """Hand over every event, and those that come of it, until nothing new is said; how many there were."""
        total = 0
        while raws := await self._said():
            total += len(raws)
            for service in self.services.values():
                wanted = [raw for raw in raws if raw.topic in service.handlers.topics]
                if wanted:
                    await service.worker.processor.process(wanted)
        return total

    async def _said(self) -> list[Raw]:
        said: list[Raw] = []
        for service in self.services.values():
            async with service.platform.worker_database.transaction() as uow:
                said += [_raw(row) for row in sorted(await uow.fetch(_UNSENT))]
        return said


def _raw(row: Sequence[Any]) -> Raw:
    offset, topic, key, payload, headers = row
    packed = tuple((name, value.encode()) for name, value in orjson.loads(headers).items())
    return Raw(topic, 0, offset, key.encode(), None if payload is None else payload.encode(), packed)
