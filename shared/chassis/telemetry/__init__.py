"""Traces, numbers and logs of a service."""

from shared.chassis.telemetry.logs import bound, configure_logging, get_logger
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.telemetry.setup import Telemetry, log_export
from shared.chassis.telemetry.tracing import extract, inject, link

__all__ = ["Metrics", "Telemetry", "bound", "configure_logging", "extract", "get_logger", "inject", "link", "log_export"]
