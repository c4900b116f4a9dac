"""Numbers without names of partners, log lines with the trace, trace context that survives a stay in the outbox."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.chassis.telemetry import Metrics, Telemetry, bound, configure_logging, extract, get_logger, inject, link
from shared.chassis.telemetry.logs import Emit


class Lines:
    """What was logged, also as the collector would get it."""

    def __init__(self) -> None:
        self.exported: list[tuple[str, int]] = []

    @property
    def emit(self) -> Emit:
        return lambda message, level, _: self.exported.append((message, level))


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry("deals")


def test_metrics_when_read_then_first_class_numbers_are_there_before_anything_happened() -> None:
    text = Metrics("commission").exposition().decode()

    for name in ("consumer_lag_seconds", "consumer_lag_records", "outbox_oldest_age_seconds", "parked_events", "ledger_imbalance_minor"):
        assert f'hansa_{name}{{service="commission"}} 0.0' in text


def test_metrics_when_declared_then_labels_are_few_and_never_a_partner_or_deal() -> None:
    metrics = Metrics("deals")
    labels = {label for family in metrics.registry._collector_to_names for label in getattr(family, "_labelnames", ())}

    assert labels <= {"service", "method", "route", "status", "outcome", "timer"}


def test_metrics_when_two_services_share_a_process_then_their_numbers_stay_apart() -> None:
    one, two = Metrics("deals"), Metrics("tiers")
    one.events.add(3, outcome="handled")

    assert 'hansa_events_total{outcome="handled",service="deals"} 3.0' in one.exposition().decode()
    assert 'outcome="handled"' not in two.exposition().decode()


def test_traceparent_when_stored_and_read_then_the_child_continues_the_trace(telemetry: Telemetry) -> None:
    spans = InMemorySpanExporter()
    telemetry.export_spans_to(spans)
    with telemetry.tracer.start_as_current_span("request"):
        stored = inject()
    with telemetry.tracer.start_as_current_span("consume", context=extract(stored), links=[link(stored)]):  # type: ignore[list-item]
        pass
    parent, child = spans.get_finished_spans()

    assert child.context is not None
    assert parent.context is not None
    assert child.parent is not None
    assert (child.context.trace_id, child.parent.span_id) == (parent.context.trace_id, parent.context.span_id)
    assert child.links[0].context.span_id == parent.context.span_id


@pytest.mark.parametrize("stored", [None, "", "00-zz", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "é"])
def test_traceparent_when_absent_or_malformed_then_a_fresh_trace(telemetry: Telemetry, stored: str | None) -> None:
    with telemetry.tracer.start_as_current_span("outer"):
        outer = trace.get_current_span().get_span_context().trace_id
        with telemetry.tracer.start_as_current_span("consume", context=extract(stored)) as span:
            assert span.get_span_context().trace_id != outer
    assert link(stored) is None


def test_inject_when_no_span_runs_then_nothing() -> None:
    assert inject() is None


@pytest.mark.usefixtures("restored_logging")
def test_log_line_when_written_in_a_span_then_one_json_object_with_trace_and_event(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(raw, write_through=True))
    lines = Lines()
    configure_logging("INFO", export=lines.emit)
    with telemetry.tracer.start_as_current_span("handle") as span, bound(event_id="e-1", partner_id="p-1"):
        get_logger("deals").info("deal_closed", amount=5)
        logging.getLogger("library").warning("slow %s", "broker")
    get_logger("deals").debug("not shown")
    ours, theirs = [json.loads(line) for line in raw.getvalue().splitlines()]

    assert (ours["event"], ours["event_id"], ours["partner_id"], ours["amount"]) == ("deal_closed", "e-1", "p-1", 5)
    assert ours["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert (theirs["event"], theirs["trace_id"], theirs["level"]) == ("slow broker", ours["trace_id"], "warning")
    assert lines.exported == [("deal_closed", logging.INFO), ("slow broker", logging.WARNING)]
