"""Registration with partners it has heard of, and the steps of a deal as short calls."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson

from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.use_cases.hear_of_partner import hear_of_partner
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage

ACME: dict[str, Any] = {
    "account_name": "Acme Holding",
    "account_domain": "https://www.acme.co.uk/about",
    "country": "DE",
    "families": ["GTX"],
}


@dataclass
class World:
    """The service, an operator's client, and two active partners with their clients."""

    stage: Stage
    service: Service
    staff: httpx2.AsyncClient
    partner_id: UUID
    partner: httpx2.AsyncClient
    rival_id: UUID
    rival: httpx2.AsyncClient

    @classmethod
    async def open(cls, stage: Stage, *, worker: bool = False) -> "World":
        service = await stage.launch("registration", worker=worker)
        mine, other = uuid4(), uuid4()
        clients = [stage.client(service, role="partner", partner_id=who) for who in (mine, other)]
        world = cls(stage, service, stage.client(service), mine, clients[0], other, clients[1])
        for who in (mine, other):
            await world.heard(who)
        return world

    async def heard(self, partner_id: UUID, standing: Standing = Standing.ACTIVE, *, sequence: int = 1) -> None:
        """The service has heard this of a partner."""
        async with self.service.platform.worker_database.transaction() as uow:
            await hear_of_partner(uow, PartnerId(partner_id), standing=standing, kind="channel", sequence=sequence, policy=Policy())

    async def register(self, client: httpx2.AsyncClient | None = None, **changed: Any) -> httpx2.Response:
        """POST the registration of Acme (as the partner, if no client is given)."""
        return await (client or self.partner).post("/v1/deals", json=ACME | changed)

    async def registered(self, client: httpx2.AsyncClient | None = None, **changed: Any) -> dict[str, Any]:
        """A registration that succeeds."""
        answer = await self.register(client, **changed)
        assert answer.status_code == 201, answer.text
        deal: dict[str, Any] = answer.json()
        return deal

    async def step(
        self, deal: dict[str, Any], verb: str, *, by: httpx2.AsyncClient | None = None, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx2.Response:
        """POST a change of the deal, as staff unless said otherwise."""
        return await (by or self.staff).post(f"/v1/deals/{deal['id']}/{verb}", json=body, headers=headers)

    async def done(self, deal: dict[str, Any], verb: str, *, by: httpx2.AsyncClient | None = None, **body: Any) -> dict[str, Any]:
        """A change that succeeds."""
        answer = await self.step(deal, verb, by=by, **body)
        assert answer.status_code == 200, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    async def policy(self, **changed: Any) -> None:
        """Another programme from now on."""
        await self.rows("update policies set body = body || $1::text::jsonb returning 1", orjson.dumps(changed).decode())

    async def due(self, *, after: timedelta = timedelta(0)) -> None:
        """Time passes, and the timers do what is due."""
        self.stage.clock.advance(after)
        for timer in self.service.timers:
            async with self.service.platform.worker_database.transaction() as uow:
                await timer.run(uow)

    async def told(self, topic: str) -> list[dict[str, Any]]:
        """The bodies of the events of one topic."""
        return [body for each, _, body in await self.events() if each == topic]

    async def events(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Topic, sequence and body of every event in the outbox."""
        return [(row[0], int(orjson.loads(row[1])["ce_sequence"]), orjson.loads(row[2])) for row in await self.rows(_EVENTS)]

    async def rows(self, sql: str, *arguments: Any) -> list[Any]:
        """What the store holds, seen as the worker."""
        async with self.service.platform.worker_database.transaction() as uow:
            return list(await uow.fetch(sql, *arguments))

    async def killed(self, pid: int) -> None:
        """The database's session with this process id dies, as its client's machine would end it."""
        async with self.service.platform.worker_database.transaction() as uow:
            assert (await uow.fetch("select pg_terminate_backend($1)", pid))[0][0]

    async def imported(self, *rows: dict[str, Any], exclusivity: str = "record") -> list[dict[str, Any]]:
        """POST an import; its results."""
        body = b"\n".join(orjson.dumps(row) for row in rows)
        answer = await self.staff.post(f"/v1/imports?exclusivity={exclusivity}", content=body)
        assert answer.status_code == 200, answer.text
        return [orjson.loads(line) for line in answer.content.splitlines()]


_EVENTS = "select aggregatetype, headers, payload from outbox order by id"
