"""Rows of sales systems as they are sent over HTTP, read one by one: what is wrong with one says nothing of the others."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.registration.arrival import Arrival, Fault
from services.registration.domain.intake.error import UNNAMED, Rejected, Way
from services.registration.import_row import ImportRow
from services.registration.mapping.deals import opportunity_of
from shared.chassis.errors import Refused
from shared.chassis.http import lines
from shared.schemas.crm import OpportunityCredit, OpportunityLine

_LONGEST = 300
_FIELDS = ImportRow.model_fields.keys()
_PARTS = {"lines": OpportunityLine.model_fields.keys(), "credits": OpportunityCredit.model_fields.keys()}


def read_row(text: bytes, *, line: int | None = None) -> Arrival:
    """The opportunity in a row, or the code and sentence of its first fault."""
    told = lines.read(ImportRow, text)
    if isinstance(told, tuple):
        return Arrival(text=text, fault=Fault(code=told[0], message=told[1]), line=line)
    try:
        return Arrival(text=text, seen=opportunity_of(told), line=line)
    except Refused as refusal:
        return Arrival(text=text, fault=fault_of(refusal), line=line)


def fault_of(refusal: Refused) -> Fault:
    """A refusal as what is told of it."""
    return Fault(code=refusal.code, message=refusal.message, status=refusal.status)


def rejected(arrival: Arrival, fault: Fault, *, way: Way, exclusivity: str) -> Rejected:
    """The refused row as the error queue keeps it: named as far as it can be read."""
    row = known_fields(_object(arrival.text))
    source, external_id = _text(row.get("source")), _text(row.get("external_id"))
    version = row.get("source_version")
    return Rejected(
        source=source or UNNAMED,
        name=external_id or hashlib.sha256(arrival.text).hexdigest(),
        external_id=external_id,
        partner_id=_id(row.get("partner_id")),
        way=way,
        exclusivity=exclusivity,
        code=fault.code,
        message=fault.message[:2_000],
        row=orjson.dumps(row).decode() if row else None,
        line=arrival.line,
        source_version=version if type(version) is int and 0 < version < 2**63 else None,
        changed_at=arrival.seen.changed_at if arrival.seen else _instant(row.get("occurred_at")),
    )


def known_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the intake knows of a row's fields: what else a sender put there, such as people's names, is not kept."""
    kept = {name: _plain(value) for name, value in row.items() if name in _FIELDS}
    for name, fields in _PARTS.items():
        if isinstance(parts := row.get(name), list):
            kept[name] = [{key: _plain(part[key]) for key in fields & part.keys()} for part in parts if isinstance(part, dict)]
    return kept


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [each for each in value if not isinstance(each, list | dict)]
    return None if isinstance(value, dict) else value


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str | None:
    """A name that an index can hold."""
    if not isinstance(value, str) or not value or "\x00" in value:
        return None
    return value if len(value) <= _LONGEST else hashlib.sha256(value.encode()).hexdigest()


def _id(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo and 1970 <= found.year < 2200 else None
