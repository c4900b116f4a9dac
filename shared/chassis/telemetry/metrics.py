"""The numbers of a service. Their names are a contract with deploy/prometheus and deploy/grafana; no partner or deal is ever a label."""

from functools import partial

from opentelemetry.metrics import Meter
from prometheus_client import CollectorRegistry, generate_latest

from shared.chassis.telemetry.instruments import Counter, Gauge, Histogram, Home

_HTTP_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BATCH_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BATCH_RECORDS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000)
_DELIVERY_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600, 43200)


class Metrics:
    """All instruments of one service, in a registry of their own."""

    def __init__(self, service: str, *, meter: Meter | None = None) -> None:
        self.registry = CollectorRegistry()
        home = Home(service, self.registry, meter)
        counter, gauge, histogram = partial(Counter, home), partial(Gauge, home), partial(Histogram, home)

        self.lag_seconds = gauge("hansa_consumer_lag_seconds", "Age of the oldest record not yet handled")
        self.lag_records = gauge("hansa_consumer_lag_records", "Records not yet handled")
        self.paused = gauge("hansa_consumer_paused", "1 while the consumer is paused by too many parked events")
        self.events = counter("hansa_events_total", "Consumed events by outcome: handled, refused, parked, repeated", labels=("outcome",))
        self.retries = counter("hansa_batch_retries_total", "Batches done again because of a passing fault")
        self.batch_records = histogram("hansa_batch_records", "Records in a batch", buckets=_BATCH_RECORDS)
        self.batch_seconds = histogram("hansa_batch_duration_seconds", "Time from a batch's arrival to its commit", buckets=_BATCH_S)
        self.parked = gauge("hansa_parked_events", "Events parked and not yet settled")
        self.waiting = gauge("hansa_waiting_facts", "Facts that wait for their predecessor")

        self.outbox_age_seconds = gauge("hansa_outbox_oldest_age_seconds", "Age of the oldest event not yet sent")
        self.outbox_pending = gauge("hansa_outbox_pending", "Events not yet sent")
        self.relay_sent = counter("hansa_relay_sent_total", "Events sent to Kafka")
        self.relay_failed = counter("hansa_relay_failed_total", "Sends that Kafka refused or that timed out")

        self.ledger_imbalance = gauge("hansa_ledger_imbalance_minor", "Sum of all ledger postings in minor units: always 0")
        self.replay_differences = gauge(
            "hansa_commission_replay_differences",
            "Partners' figures that are not what their journal gives, by the last self-check: always 0",
        )
        self.statements_held_back = gauge(
            "hansa_commission_statements_held_back", "Partners whose next statement differs from the ledger and is not issued: always 0"
        )
        self.receipt_faults = gauge(
            "hansa_registration_receipt_faults", "Receipts and links that do not follow from their chain, by the self-check: always 0"
        )
        self.webhook_delay_seconds = histogram(
            "hansa_webhook_delivery_delay_seconds", "From the event's commit to its receiver's answer", buckets=_DELIVERY_S
        )
        self.webhook_attempts = counter("hansa_webhook_attempts_total", "Webhook attempts by outcome", labels=("outcome",))
        self.timer_done = counter("hansa_timer_done_total", "Due items done, by timer", labels=("timer",))
        self.http_seconds = histogram(
            "hansa_http_request_duration_seconds", "HTTP requests by route template", labels=("method", "route", "status"), buckets=_HTTP_S
        )

    def exposition(self) -> bytes:
        """The registry in Prometheus' text format."""
        return generate_latest(self.registry)
