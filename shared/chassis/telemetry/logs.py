"""Structured logs: one JSON object a line, bound to the trace, the event and the partner at hand."""

import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, cast

import orjson
import structlog
from opentelemetry import trace
from structlog.typing import EventDict, FilteringBoundLogger

_SEVERITY = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR, "critical": logging.CRITICAL}
_OF_THE_EXPORT = ("opentelemetry.", "urllib3.")
Emit = Callable[[str, int, MutableMapping[str, Any]], None]
_exports: list[Emit] = []


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of a module: `get_logger(__name__)`; `log.info("past_tense_event", key=value)`."""
    return cast(FilteringBoundLogger, structlog.get_logger(module=name))


@contextmanager
def bound(**values: str | int) -> Iterator[None]:
    """Put `values` (event_id, partner_id, topic …) on every line logged within the block."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def configure_logging(level: str = "INFO", *, export: Emit | None = None) -> None:
    """Set up structlog and the standard library's root logger alike; called once by each process.

    `export` receives every line too (the collector's exporter).
    """
    _exports[:] = [export] if export else []
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _export, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(_SEVERITY[level.lower()]),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    render: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _export,
        structlog.processors.JSONRenderer(serializer=lambda event, **_: _dumps(event).decode()),
    ]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, _add_logger], processors=render))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(_SEVERITY[level.lower()], logging.INFO))


def _dumps(event: Any, **_: object) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def _add_trace(_: object, __: str, event: EventDict) -> EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = f"{span.trace_id:032x}"
        event["span_id"] = f"{span.span_id:016x}"
    return event


def _add_logger(logger: logging.Logger | None, _: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event["module"] = record.name if record is not None else "root"
    return event


def _export(_: object, __: str, event: EventDict) -> EventDict:
    if str(event.get("module", "")).startswith(_OF_THE_EXPORT):
        return event  # a failed export that is exported fails again, without end
    for emit in _exports:
        emit(str(event.get("event", "")), _SEVERITY.get(str(event.get("level")), logging.INFO), event)
    return event
