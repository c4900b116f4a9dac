"""One trace: from POST …/close over outbox, topic and ledger to the webhook's arrival, by parent links across services."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.chassis.service import Service
from shared.chassis.testing import eventually
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerActivated, PartnerType
from tests.support.asgi import Client
from tests.support.world import launch

PARTNER = UUID(int=1)
CALLER = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")  # trace and span of whoever closes the deal


@dataclass
class Receiver:
    """Where the webhooks arrive: by event type, the `traceparent` that they came with."""

    address: str = ""
    arrived: dict[str, str] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        self.arrived[body["type"]] = request.headers.get("traceparent", "")
        return web.Response(status=204)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.address = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


class Spans:
    """The finished spans of several services, by id."""

    def __init__(self, *services: Service) -> None:
        self._exporters = [InMemorySpanExporter() for _ in services]
        for service, exporter in zip(services, self._exporters, strict=True):
            service.platform.telemetry.export_spans_to(exporter)

    def by_id(self) -> dict[str, ReadableSpan]:
        spans = [span for exporter in self._exporters for span in exporter.get_finished_spans()]
        return {f"{span.context.span_id:016x}": span for span in spans if span.context}

    def path_from(self, traceparent: str) -> list[tuple[str, str]]:
        """Service and name of each span from the given one up to the first, whose parent is the caller's."""
        _, trace_id, span_id, _ = traceparent.split("-")
        known, path = self.by_id(), []
        while span := known.get(span_id):
            assert span.context is not None
            assert f"{span.context.trace_id:032x}" == trace_id
            path.append((str(span.resource.attributes["service.name"]), span.name))
            span_id = f"{span.parent.span_id:016x}" if span.parent else ""
        assert (trace_id, span_id) == CALLER, f"the chain ends at {path}"
        return path


async def test_trace_when_a_deal_is_closed_then_parent_links_lead_from_the_webhook_back_to_the_request(
    stage: Stage, receiver: Receiver
) -> None:
    services = await _launch_all(stage)
    spans = Spans(*services)
    registration, _, notifications = services
    await _open_endpoint(stage, notifications, receiver)
    deal = await _register(stage, registration)

    closed = await _partner(stage, registration).post(
        f"/v1/deals/{deal}/close", json={"outcome": "won", "amount": "60000.00"}, headers={"traceparent": f"00-{'-'.join(CALLER)}-01"}
    )
    assert closed.status == 200, closed.body

    accrued, deal_closed = await _arrivals(receiver, spans)
    assert deal_closed == [
        ("notifications", "webhook deal.closed"),
        ("notifications", "process deal.closed"),
        ("registration", "POST /v1/deals/{deal_id}/close"),
    ]
    assert accrued == [
        ("notifications", "webhook commission.accrued"),
        ("notifications", "process commission.accrued"),
        ("commission", "process deal.closed"),
        ("registration", "POST /v1/deals/{deal_id}/close"),
    ]


async def _launch_all(stage: Stage) -> list[Service]:
    """Registration, commission and notifications with their workers; each has heard of the partner."""
    services = [
        await launch(stage, "registration", worker=True),
        await launch(stage, "commission", worker=True),
        await launch(stage, "notifications", worker=True, allow_private_targets=True),
    ]
    now = stage.clock.now()
    kind = PartnerType.RESELLER_AFFILIATE
    fact = PartnerActivated(
        occurred_at=now, recorded_at=now, partner_id=PARTNER, name="One", partner_type=kind, region="EMEA", enrolled_at=now
    )
    for service in services:
        if PartnerActivated in service.handlers.events:
            await service.worker.processor.process([record(Told(fact), number=1, service="partners")])
    return services


def _partner(stage: Stage, service: Service) -> Client:
    return Client(service.app, token=stage.token("partner", partner_id=PARTNER))


async def _open_endpoint(stage: Stage, notifications: Service, receiver: Receiver) -> None:
    wish = {"url": receiver.address, "event_types": ["deal.closed", "commission.accrued"]}
    opened = await _partner(stage, notifications).post("/v1/endpoints", json=wish)
    assert opened.status == 201, opened.body


async def _register(stage: Stage, registration: Service) -> str:
    body = {"account_name": "Acme", "account_domain": "acme-traced.com", "families": ["GTX"], "country": "DE"}
    registered = await _partner(stage, registration).post("/v1/deals", json=body)
    assert registered.status == 201, registered.body
    return str(registered.json["id"])


async def _arrivals(receiver: Receiver, spans: Spans) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The paths of both webhooks, once they have come and their spans have ended."""

    async def both() -> bool:
        ended = spans.by_id()
        return len(receiver.arrived) == 2 and all(traceparent.split("-")[2] in ended for traceparent in receiver.arrived.values())

    await eventually(both, what="both webhooks", within_s=60)
    return spans.path_from(receiver.arrived["commission.accrued"]), spans.path_from(receiver.arrived["deal.closed"])
