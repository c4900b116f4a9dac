"""Numbers kept twice: in a Prometheus registry for /metrics and, if there is a collector, as OpenTelemetry metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.metrics import Meter
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as PrometheusCounter
from prometheus_client import Gauge as PrometheusGauge
from prometheus_client import Histogram as PrometheusHistogram

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Home:
    """Whose numbers these are and where they are kept."""

    service: str
    registry: CollectorRegistry
    meter: Meter | None = None


class _Instrument:
    """Every series carries the service's name, since one process may host several services."""

    def __init__(self, service: str) -> None:
        self._service = service

    def _labels(self, labels: dict[str, str]) -> dict[str, str]:
        return {SERVICE: self._service, **labels}


class Counter(_Instrument):
    """Only grows."""

    def __init__(self, home: Home, name: str, text: str, *, labels: Sequence[str] = ()) -> None:
        super().__init__(home.service)
        self._prometheus = PrometheusCounter(name, text, (SERVICE, *labels), registry=home.registry)
        self._otel = home.meter.create_counter(name, description=text) if home.meter else None
        if not labels:
            self._prometheus.labels(home.service)  # a series that was never touched still shows 0

    def add(self, amount: float = 1, **labels: str) -> None:
        """Add `amount`."""
        self._prometheus.labels(**self._labels(labels)).inc(amount)
        if self._otel:
            self._otel.add(amount, self._labels(labels))


class Gauge(_Instrument):
    """The last value set."""

    def __init__(self, home: Home, name: str, text: str, *, labels: Sequence[str] = ()) -> None:
        super().__init__(home.service)
        self._prometheus = PrometheusGauge(name, text, (SERVICE, *labels), registry=home.registry)
        self._otel = home.meter.create_gauge(name, description=text) if home.meter else None
        if not labels:
            self._prometheus.labels(home.service)

    def set(self, value: float, **labels: str) -> None:
        """Remember `value`."""
        self._prometheus.labels(**self._labels(labels)).set(value)
        if self._otel:
            self._otel.set(value, self._labels(labels))


class Histogram(_Instrument):
    """A distribution over `buckets`."""

    def __init__(self, home: Home, name: str, text: str, *, buckets: Sequence[float], labels: Sequence[str] = ()) -> None:
        super().__init__(home.service)
        self._prometheus = PrometheusHistogram(name, text, (SERVICE, *labels), registry=home.registry, buckets=buckets)
        self._otel = home.meter.create_histogram(name, "", text, explicit_bucket_boundaries_advisory=buckets) if home.meter else None

    def observe(self, value: float, **labels: str) -> None:
        """Count `value` into its bucket."""
        self._prometheus.labels(**self._labels(labels)).observe(value)
        if self._otel:
            self._otel.record(value, self._labels(labels))
