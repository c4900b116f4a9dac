"""Tables as CSV, for spreadsheets and back: no cell is taken for a formula, and what was written is read as it was."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson

MEDIA_TYPE = "text/csv; charset=utf-8"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


class Format(StrEnum):
    """What a table is written as."""

    NDJSON = "ndjson"
    CSV = "csv"


def render(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Lines for `rows`; lists and objects as JSON, what is absent as an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode()


def header(columns: Sequence[str]) -> bytes:
    return render(columns, [dict(zip(columns, columns, strict=True))])


def cell(value: Any) -> str:
    """One value. Text that a spreadsheet would calculate is quoted by an apostrophe, which `plain` takes away."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = orjson.dumps(value, default=str).decode() if isinstance(value, list | dict | tuple) else str(value)
    return f"'{text}" if text.startswith(_RISKY) else text


def plain(text: str) -> str:
    """The text of a cell that was written by `cell`."""
    return text.removeprefix("'")


def read(body: bytes) -> list[dict[str, str]]:
    """The rows of a CSV with a header line. Raises ValueError where it is no such table."""
    try:
        found = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(found)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if any(None in row or None in row.values() for row in rows):
        raise ValueError("a row has more or fewer fields than the header")
    return [{name: plain(value) for name, value in row.items()} for row in rows]
