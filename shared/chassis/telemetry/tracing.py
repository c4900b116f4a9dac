"""Trace context across processes: read from and written to headers, so that one trace runs through the outbox."""

from collections.abc import Mapping
from functools import lru_cache

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


def inject() -> str | None:
    """The W3C `traceparent` of the running span, or None outside of any."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return _written(span.trace_id, span.span_id, int(span.trace_flags))


@lru_cache(maxsize=16)
def _written(trace_id: int, span_id: int, flags: int) -> str:
    """A set of events told in one span shares it."""
    return f"00-{trace_id:032x}-{span_id:016x}-{flags:02x}"


def extract(traceparent: str | None) -> Context:
    """The context to start a child span in; an absent or malformed `traceparent` gives a fresh trace."""
    carrier: Mapping[str, str] = {"traceparent": traceparent} if traceparent else {}
    return _propagator.extract(carrier, context=Context())


def link(traceparent: str | None) -> Link | None:
    """A link to the stored span, for the span of a whole batch; None if there is nothing to link to."""
    found: SpanContext = trace.get_current_span(extract(traceparent)).get_span_context()
    return Link(found) if found.is_valid else None
