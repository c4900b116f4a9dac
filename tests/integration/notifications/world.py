"""What the tests of notifications do again and again: open endpoints, tell events, watch deliveries."""

import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx2

from shared.chassis.service import Service
from shared.chassis.testing import eventually
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.chassis.values import replace
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.deals import Credit, DealClosed, DealLine, DealWithdrawn, Outcome

ALBA, BORA = UUID(int=0xA1BA), UUID(int=0xB04A)


class World:
    """Processes of the service on one database; events are numbered as they are told."""

    def __init__(self, stage: Stage, *, settings: dict[str, object]) -> None:
        self.stage = stage
        self.settings = settings
        self._numbers = itertools.count()
        self._senders: list[Any] = []
        self._service: Service | None = None

    async def service(self) -> Service:
        """A process that takes events in and answers HTTP."""
        if self._service is None:
            self._service = await self.stage.build("notifications", kafka=False, **self.settings)
            await self._service.start_api()
        return self._service

    async def sender(self, **changed: object) -> Any:
        """Another process, of which only the sender runs."""
        service = await self.stage.build("notifications", kafka=False, **(self.settings | changed))
        sender = service.extras[0]
        await sender.start()
        self._senders.append(sender)
        return service

    async def client(self, partner_id: UUID | None = None) -> httpx2.AsyncClient:
        """A partner's client, or an operator's."""
        return self.stage.client(await self.service(), role="partner" if partner_id else "operator", partner_id=partner_id)

    async def endpoint(self, url: str, *, partner_id: UUID | None = None, types: Sequence[str] = ()) -> dict[str, Any]:
        """Open an endpoint; the answer of the API, with the secret."""
        client = await self.client(partner_id)
        answer = await client.post("/v1/endpoints", json={"url": url, "event_types": list(types)})
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def tell(self, *events: Event, traceparent: str | None = None) -> list[str]:
        """Have the service consume the events in one batch; their ids."""
        raws = [record(Told(event), number=next(self._numbers)) for event in events]
        if traceparent:
            raws = [replace(raw, headers=(*raw.headers, ("traceparent", traceparent.encode()))) for raw in raws]
        await (await self.service()).worker.processor.process(raws)
        return [dict(raw.headers)["ce_id"].decode() for raw in raws]  # type: ignore[union-attr]

    async def deliveries(self, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
        """The endpoint's deliveries, newest first."""
        path = f"/v1/endpoints/{endpoint['endpoint']['id']}/deliveries"
        items: list[dict[str, Any]] = (await (await self.client()).get(path, params={"limit": 250})).json()["items"]
        return items

    async def settled(self, endpoint: dict[str, Any], *states: str) -> list[dict[str, Any]]:
        """The deliveries, as soon as each stands in one of `states` after an attempt."""

        async def probe() -> list[dict[str, Any]]:
            found = await self.deliveries(endpoint)
            return found if found and all(each["state"] in states and each["attempts"] for each in found) else []

        return await eventually(probe, what=f"deliveries {states}", within_s=10)

    async def attempts(self, delivery: dict[str, Any]) -> list[dict[str, Any]]:
        """The delivery's attempt log."""
        found: list[dict[str, Any]] = (await (await self.client()).get(f"/v1/deliveries/{delivery['id']}/attempts")).json()
        return found

    async def rows(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        async with (await self.service()).platform.worker_database.transaction() as uow:
            return [tuple(row) for row in await uow.fetch(sql, *arguments)]

    def withdrawn(self, partner_id: UUID = ALBA, *, reason: str = "no budget") -> DealWithdrawn:
        """A small event of one partner."""
        now = self.stage.clock.now()
        return DealWithdrawn(occurred_at=now, recorded_at=now, deal_id=UUID(int=1), partner_id=partner_id, reason=reason)

    def closed(self, partner_id: UUID = ALBA, *, with_partner: UUID = BORA) -> DealClosed:
        """A deal that two partners share."""
        now = self.stage.clock.now()
        return DealClosed(
            occurred_at=now,
            recorded_at=now,
            deal_id=UUID(int=2),
            partner_id=partner_id,
            closed_at=now,
            amount=MoneyAmount(amount_minor=100_00, currency="USD"),
            lines=(DealLine(line_id="1", product="GTX", family="gtx", amount_minor=100_00),),
            credits=(Credit(partner_id=partner_id, share="0.75"), Credit(partner_id=with_partner, share="0.25")),
            territory="DE",
            outcome=Outcome.WON,
            attributes={"note": f"with {with_partner}"},
        )

    async def close(self) -> None:
        """Stop the senders before their databases go."""
        for sender in self._senders:
            await sender.stop()
