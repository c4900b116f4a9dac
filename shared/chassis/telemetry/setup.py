"""Telemetry of one service: its own tracer, numbers and exporters, so that services sharing a process stay apart.

The exporters are imported where a collector is named: they make up a sixth of a process's start.
"""

from collections.abc import MutableMapping
from time import time_ns
from typing import Any, Protocol, Self

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Tracer

from shared.chassis.telemetry.metrics import Metrics


class HasEndpoint(Protocol):
    """Settings that name a collector."""

    @property
    def otlp_endpoint(self) -> str: ...


class WhenRead(Sampler):
    """Records spans only while somebody reads them; else they are ids alone, at half the cost for each event."""

    def __init__(self) -> None:
        self.read = False
        self._recording = ParentBased(ALWAYS_ON)

    def should_sample(self, *arguments: Any, **named: Any) -> SamplingResult:
        """As the caller decided, or recorded if there is no caller."""
        sampler = self._recording if self.read else ALWAYS_OFF
        return sampler.should_sample(*arguments, **named)

    def get_description(self) -> str:
        return "WhenRead"


class Telemetry:
    """Tracer, metrics and (with a collector) exporters of the service `name`.

    `otlp_endpoint` is the collector's OTLP/HTTP address without a path. Spans exist without it too: their ids
    join log lines and events, and only the export is left out.
    """

    def __init__(self, name: str, *, otlp_endpoint: str = "", span_exporter: SpanExporter | None = None) -> None:
        self.name = name
        resource = Resource.create({"service.name": name, "service.namespace": "hansa"})
        self._sampler = WhenRead()
        self.tracer_provider = TracerProvider(sampler=self._sampler, resource=resource, shutdown_on_exit=False)
        self.meter_provider: MeterProvider | None = None
        self._endpoint = otlp_endpoint.rstrip("/")
        if self._endpoint:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            exporter = OTLPSpanExporter(endpoint=f"{self._endpoint}/v1/traces")
            self._sampler.read = True
            self.tracer_provider.add_span_processor(BatchSpanProcessor(exporter))
            reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{self._endpoint}/v1/metrics"))
            self.meter_provider = MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
        if span_exporter is not None:
            self.export_spans_to(span_exporter)
        self.metrics = Metrics(name, meter=self.meter_provider.get_meter("hansa") if self.meter_provider else None)

    @classmethod
    def of(cls, name: str, settings: HasEndpoint) -> Self:
        """Telemetry as the service's settings say."""
        return cls(name, otlp_endpoint=settings.otlp_endpoint)

    @property
    def tracer(self) -> Tracer:
        """For spans of the service's own."""
        return self.tracer_provider.get_tracer("hansa")

    def export_spans_to(self, exporter: SpanExporter) -> None:
        """Send spans to `exporter` as well, at once (tests, files)."""
        self._sampler.read = True
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))

    def shutdown(self) -> None:
        """Send what is still held back and stop the exporters. Blocks for at most a few seconds."""
        self.tracer_provider.shutdown()
        if self.meter_provider:
            self.meter_provider.shutdown(timeout_millis=3_000)


class LogExport:
    """Sends log lines to the collector, in batches from a thread of its own."""

    def __init__(self, name: str, *, otlp_endpoint: str) -> None:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

        self._provider = LoggerProvider(resource=Resource.create({"service.name": name, "service.namespace": "hansa"}))
        exporter = OTLPLogExporter(endpoint=f"{otlp_endpoint.rstrip('/')}/v1/logs")
        self._provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        self._logger = self._provider.get_logger("hansa")

    def __call__(self, message: str, level: int, values: MutableMapping[str, Any]) -> None:
        """Hand over one line; its trace is that of the running span."""
        attributes = {key: value if isinstance(value, int | float) else str(value) for key, value in values.items() if key != "event"}
        severity = SeverityNumber(min(level // 10 * 4 + 1, 21))  # DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21
        self._logger.emit(LogRecord(timestamp=time_ns(), body=message, severity_number=severity, attributes=attributes))

    def shutdown(self) -> None:
        """Send what is still held back."""
        self._provider.shutdown()


def log_export(name: str, *, otlp_endpoint: str) -> LogExport | None:
    """What `configure_logging(export=…)` takes to send every log line to the collector; None without one."""
    return LogExport(name, otlp_endpoint=otlp_endpoint) if otlp_endpoint else None
