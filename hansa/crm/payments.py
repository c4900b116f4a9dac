"""A file of invoices and payments, row by row: what each says, or why it cannot be read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hansa.crm.failures import ExportInvalid
from hansa.crm.files import Row, read
from hansa.crm.opportunities import Reject

REQUIRED = ("reference", "amount", "date")
_DEAL = ("deal_id", "external_id")
_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for rows that do not say otherwise. `source` is the sales system whose opportunities are named."""

    kind: str = "payment"
    source: str = "crm"
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Told:
    """One row that can be sent: its line, its body for the API, and what stood there."""

    line: int
    body: dict[str, object]
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """What names the document: its kind and its reference."""
        return str(self.body["kind"]), str(self.body["reference"])


class _Unreadable(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason)


def rows(path: Path, defaults: Defaults, *, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[Told | Reject]:
    """The file's rows, read as they are asked for. Raises ExportInvalid."""
    for row in read(path, encoding=encoding, delimiter=delimiter, columns=REQUIRED):
        if not row.broken and not any(column in row.values for column in _DEAL):
            raise ExportInvalid(f"{path.name} names no deals: it needs a column deal_id, or external_id (the opportunity's id)")
        try:
            yield Told(row.line, _body(row, defaults), row.text)
        except _Unreadable as fault:
            yield Reject(row.line, row.values.get("reference", ""), fault.reason, fault.detail, row.text)


def _body(row: Row, defaults: Defaults) -> dict[str, object]:
    if row.broken:
        raise _Unreadable(row.broken, "bytes that are no text" if row.broken == "wrong_encoding" else "not as many fields as the header")
    values = {name: text for name, text in row.values.items() if text}
    if "reference" not in values:
        raise _Unreadable("missing_reference", "the document has no reference, so it could not be told from another")
    body: dict[str, object] = {
        "kind": values.get("kind", defaults.kind).casefold(),
        "reference": values["reference"],
        "amount": _amount(values.get("amount", "")),
        "currency": values.get("currency", defaults.currency),
        "at": _instant(values.get("date", "")),
    }
    if "close_number" in values:
        body["close_number"] = _count(values["close_number"])
    return body | _deal(values, defaults)


def _deal(values: dict[str, str], defaults: Defaults) -> dict[str, object]:
    if "deal_id" in values:
        return {"deal_id": values["deal_id"]}
    if "external_id" in values:
        return {"source": values.get("source", defaults.source), "external_id": values["external_id"]}
    raise _Unreadable("deal_unnamed", "the row names no deal")


def _amount(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise _Unreadable("broken_number", f"{text or 'nothing'} is not an amount above zero")
    return text


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _Unreadable("broken_number", f"{text} is not the number of a close")
    return int(text)


def _instant(text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise _Unreadable("broken_date", f"{text or 'nothing'} is not a date like 2026-03-31") from error
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).isoformat()
