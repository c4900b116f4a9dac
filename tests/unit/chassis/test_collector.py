"""With a collector configured, spans, numbers and log lines arrive there, joined by the trace."""

import logging
import socket
import threading
from collections.abc import Iterator, MutableMapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared.chassis.telemetry import Telemetry, configure_logging, get_logger, log_export


class Collector:
    """An OTLP/HTTP endpoint that keeps what it is sent."""

    def __init__(self) -> None:
        received: dict[str, list[bytes]] = {}
        self.received = received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.setdefault(self.path, []).append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("restored_logging")
def test_telemetry_when_a_collector_is_set_then_spans_numbers_and_lines_arrive(collector: Collector) -> None:
    telemetry = Telemetry("deals", otlp_endpoint=collector.address)
    export = log_export("deals", otlp_endpoint=collector.address)
    configure_logging("INFO", export=export)
    with telemetry.tracer.start_as_current_span("close") as span:
        get_logger("deals").warning("deal_closed", amount=5)
    telemetry.metrics.relay_sent.add(3)
    telemetry.shutdown()
    assert export is not None
    export.shutdown()

    trace_id = span.get_span_context().trace_id.to_bytes(16, "big")
    spans = ExportTraceServiceRequest.FromString(collector.received["/v1/traces"][0]).resource_spans[0].scope_spans[0].spans
    assert [(each.name, each.trace_id) for each in spans] == [("close", trace_id)]
    metrics = ExportMetricsServiceRequest.FromString(collector.received["/v1/metrics"][-1]).resource_metrics[0].scope_metrics[0].metrics
    assert {each.name: each for each in metrics}["hansa_relay_sent_total"].sum.data_points[0].as_int == 3
    (line,) = ExportLogsServiceRequest.FromString(collector.received["/v1/logs"][0]).resource_logs[0].scope_logs[0].log_records
    assert (line.body.string_value, line.trace_id, line.severity_number) == ("deal_closed", trace_id, 13)


@pytest.mark.usefixtures("restored_logging")
def test_telemetry_when_the_collector_is_away_then_the_failed_export_is_told_and_not_exported_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")  # seconds until it gives up
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        away = log_export("deals", otlp_endpoint=f"http://127.0.0.1:{nobody.getsockname()[1]}")
        assert away is not None
        handed_over: list[str] = []

        def export(message: str, level: int, values: MutableMapping[str, Any]) -> None:
            handed_over.append(message)
            away(message, level, values)

        configure_logging("INFO", export=export)
        logging.getLogger("deals").warning("deal_closed")
        away.shutdown()
    assert handed_over == ["deal_closed"]
    assert "opentelemetry.exporter" in capsys.readouterr().err


def test_telemetry_when_no_collector_is_set_then_nothing_is_exported() -> None:
    assert log_export("deals", otlp_endpoint="") is None
