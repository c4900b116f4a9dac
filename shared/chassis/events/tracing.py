"""One trace from the request through outbox, topic and consumer: an event's work is a child of the event's own context."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import SpanKind, Tracer
from opentelemetry.util.types import AttributeValue

from shared.chassis.events.incoming import Cause, Incoming
from shared.chassis.telemetry.tracing import extract, link

_MOST_LINKS = 128  # what the SDK keeps by default


@contextmanager
def continued(cause: Cause | None, tracer: Tracer) -> Iterator[None]:
    """A `process` span as a child of the context that the consumed event carries; nothing for any other cause."""
    traceparent = getattr(cause, "traceparent", None)
    if traceparent is None or not isinstance(cause, Incoming):
        yield
        return
    attributes: dict[str, AttributeValue] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": cause.topic,
        "messaging.message.id": cause.id,
        "messaging.destination.partition.id": str(cause.raw.partition),
        "messaging.kafka.offset": cause.raw.offset,
    }
    parent = extract(traceparent)
    with tracer.start_as_current_span(f"process {cause.topic}", context=parent, kind=SpanKind.CONSUMER, attributes=attributes):
        yield


@contextmanager
def batch_span(events: Sequence[Incoming[Any]], *, group: str, tracer: Tracer) -> Iterator[None]:
    """One span for a batch, linked to the context of every event in it (a batch has no single parent)."""
    links = [found for event in events[:_MOST_LINKS] if (found := link(event.traceparent)) is not None]
    attributes: dict[str, AttributeValue] = {
        "messaging.system": "kafka",
        "messaging.consumer.group.name": group,
        "messaging.batch.message_count": len(events),
    }
    with tracer.start_as_current_span("receive batch", kind=SpanKind.CONSUMER, links=links, attributes=attributes):
        yield
