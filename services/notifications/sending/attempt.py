"""One attempt from the claim to its outcome: sign, trace, post, judge, count."""

import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from services.notifications.domain.deliveries import Answer, DeliveryState, Due, Fault, Verdict, judge
from services.notifications.domain.messages import signed_headers
from services.notifications.domain.rules import Rules
from services.notifications.domain.secrets import Secret, live
from services.notifications.sending.transport import Transport
from services.notifications.store.outgoing import Settled
from shared.chassis.clock import Clock
from shared.chassis.failpoints import FailPoints
from shared.chassis.telemetry import Metrics, extract, inject
from shared.chassis.vault import VaultClosed

_log = structlog.get_logger(__name__)


class Courier:
    """Delivers claimed messages. The span of the POST is a child of the event's own context, which the receiver can go on from."""

    def __init__(self, transport: Transport, *, clock: Clock, tracer: Tracer, metrics: Metrics, fail_points: FailPoints) -> None:
        self._transport = transport
        self._clock = clock
        self._tracer = tracer
        self._metrics = metrics
        self._fail_points = fail_points

    async def open(self) -> None:
        await self._transport.open()

    async def close(self) -> None:
        await self._transport.close()

    async def deliver(self, due: Due, secrets: Callable[[], Sequence[Secret]], *, rules: Rules, luck: float) -> Settled:
        """One attempt. `secrets` opens the endpoint's secrets; failing at that is the attempt's fault, not the sender's."""
        started_at, started = self._clock.now(), time.perf_counter()
        attributes = {
            "http.request.method": "POST",
            "server.address": urlsplit(due.url).hostname or "",
            "messaging.message.id": due.message_id,
        }
        with self._tracer.start_as_current_span(
            f"webhook {due.event_type}", context=extract(due.traceparent), kind=SpanKind.CLIENT, attributes=attributes
        ) as span:
            answer = await self._post(due, secrets, rules=rules)
            _describe(span, answer)
        self._fail_points.hit("webhook.sent")
        now = self._clock.now()
        verdict = judge(answer, attempts=due.attempt - due.earlier_attempts, rules=rules.retries, now=now, luck=luck)
        self._count(due, verdict)
        log = _log.debug if answer.accepted else _log.info
        log("webhook_attempted", event_id=due.message_id, endpoint_id=str(due.endpoint_id), attempt=due.attempt, fault=answer.fault)
        return Settled(due, answer, verdict, started_at, duration_ms=int((time.perf_counter() - started) * 1000))

    async def _post(self, due: Due, secrets: Callable[[], Sequence[Secret]], *, rules: Rules) -> Answer:
        now = self._clock.now()
        self._transport.guard.rules = rules.targets
        try:
            headers = signed_headers(live(secrets(), now=now), message_id=due.message_id, payload=due.payload, now=now)
        except (VaultClosed, ValueError) as error:
            return Answer(status=None, fault=Fault.INTERNAL, excerpt=str(error))
        if traceparent := inject() or due.traceparent:
            headers["traceparent"] = traceparent
        return await self._transport.post(
            due.url, payload=due.payload, headers=headers, connect=rules.connect, total=rules.attempt, now=now
        )

    def _count(self, due: Due, verdict: Verdict) -> None:
        outcome = "retry" if verdict.state is DeliveryState.PENDING else verdict.state.value
        self._metrics.webhook_attempts.add(outcome=outcome)
        if verdict.state is DeliveryState.DELIVERED:
            self._metrics.webhook_delay_seconds.observe((self._clock.now() - due.committed_at).total_seconds())


def _describe(span: Span, answer: Answer) -> None:
    if answer.status is not None:
        span.set_attribute("http.response.status_code", answer.status)
    if answer.fault is not None:
        span.set_attribute("error.type", answer.fault.value)
        span.set_status(StatusCode.ERROR)
