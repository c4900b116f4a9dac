"""CloudEvents 1.0 in Kafka's binary mode: headers out, headers in."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from pydantic import ValidationError

from shared.chassis.events.incoming import Cause, Incoming, Raw
from shared.chassis.telemetry.tracing import inject
from shared.schemas.base import Event
from shared.schemas.registry import BY_TYPE


class Undecodable(Exception):
    """A record that is no event of ours: `code` says why. It is parked, never retried blindly."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


def headers_of(event: Event, *, event_id: str, service: str, sequence: int, cause: Cause | None, now: datetime) -> dict[str, str]:
    """The record's headers; `ce_correlationid` is handed on from the cause, or begins here."""
    headers = {
        **_headers_of_type(type(event), service),
        "ce_id": event_id,
        "ce_subject": event.subject,
        "ce_sequence": str(sequence),
        "ce_time": _instant(now),
        "ce_correlationid": cause.correlation_id if cause else event_id,
    }
    if cause:
        headers["ce_causationid"] = cause.id
    if traceparent := inject():
        headers["traceparent"] = traceparent
    return headers


@lru_cache(maxsize=256)
def _headers_of_type(event: type[Event], service: str) -> Mapping[str, str]:
    return {
        "ce_specversion": "1.0",
        "ce_type": event.ce_type(),
        "ce_source": f"/hansa/{service}",
        "ce_dataschema": f"/hansa/schemas/{event.topic}/v{event.version}",
        "content-type": "application/json",
    }


@lru_cache(maxsize=16)
def _instant(now: datetime) -> str:
    """One transaction's events share their instant."""
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


def decode(raw: Raw, *, types: Mapping[str, type[Event]] = BY_TYPE) -> Incoming[Event]:
    """Read a record. Raises Undecodable with `header_invalid`, `type_unknown`, `body_empty` or `schema_mismatch`.

    Headers that are not ours may hold anything: only the ones read here must be UTF-8.
    """
    headers = dict(raw.headers)
    ce_type, ce_id = _required(headers, "ce_type"), _required(headers, "ce_id")
    source = _required(headers, "ce_source")
    model = types.get(ce_type)
    if model is None:
        raise Undecodable("type_unknown", f"no event type {ce_type[:200]!r} is known here")
    if not raw.value:
        raise Undecodable("body_empty", f"{ce_type} needs a body")
    event = _validated(model, raw.value)
    return Incoming(
        event=event,
        id=ce_id,
        type=ce_type,
        source=source,
        subject=_text(headers, "ce_subject") or event.subject,
        sequence=_sequence(headers),
        time=_time(headers),
        key=(raw.key or b"").decode("utf-8", "replace"),
        correlation_id=_text(headers, "ce_correlationid") or ce_id,
        traceparent=_text(headers, "traceparent"),
        inbox_id=_inbox_id(source, ce_id),
        body_hash=hashlib.sha256(raw.value).digest(),
        raw=raw,
    )


def inbox_id_of(raw: Raw) -> str | None:
    """The `inbox_id` of a record that may not be readable otherwise; None if it names none."""
    headers = dict(raw.headers)
    source, event_id = headers.get("ce_source"), headers.get("ce_id")
    if not source or not event_id:
        return None
    return _inbox_id(source.decode("utf-8", "replace"), event_id.decode("utf-8", "replace"))


def _inbox_id(source: str, event_id: str) -> str:
    """Source and id as one name. A source may hold a "#" of its own: escaped, two events never share a name."""
    if "%" in source or "#" in source:
        source = source.replace("%", "%25").replace("#", "%23")
    return f"{source}#{event_id}"


def _validated(model: type[Event], body: bytes) -> Event:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        code = "json_invalid" if first["type"] == "json_invalid" else "schema_mismatch"
        place = ".".join(str(part) for part in first["loc"])
        raise Undecodable(code, f"{place}: {first['msg']}"[:500]) from error


def _text(headers: Mapping[str, bytes | None], name: str) -> str | None:
    value = headers.get(name)
    return None if value is None else _decoded(name, value)


def _decoded(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Undecodable("header_invalid", f"{name} is not UTF-8") from error


def _required(headers: Mapping[str, bytes | None], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise Undecodable("header_invalid", f"{name} is missing or empty")
    if len(value) > 512 or b"\x00" in value:  # an index entry holds two of them
        raise Undecodable("header_invalid", f"{name} is too long or holds a NUL")
    return _decoded(name, value)


def _sequence(headers: Mapping[str, bytes | None]) -> int:
    text = _text(headers, "ce_sequence") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Undecodable("header_invalid", "ce_sequence is not a whole number")
    return int(text)


def _time(headers: Mapping[str, bytes | None]) -> datetime | None:
    text = _text(headers, "ce_time")
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Undecodable("header_invalid", "ce_time is not an instant") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def pack_headers(headers: tuple[tuple[str, bytes | None], ...]) -> bytes:
    """Headers in a form that survives storage byte for byte: JSON of latin-1 strings."""
    return orjson.dumps([[name, None if value is None else value.decode("latin-1")] for name, value in headers])


def unpack_headers(packed: bytes) -> tuple[tuple[str, bytes | None], ...]:
    """The inverse of `pack_headers`."""
    rows: list[Any] = orjson.loads(packed)
    return tuple((name, None if value is None else value.encode("latin-1")) for name, value in rows)
