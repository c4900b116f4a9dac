"""Rows of a CSV file with their line numbers; bytes that are not text of the stated encoding are marked, not dropped."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa.crm.failures import ExportInvalid


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `values` by column; `broken` says why it cannot be trusted, if so; `text` is what stood there."""

    line: int
    values: dict[str, str]
    broken: str | None
    text: str


def read(path: Path, *, encoding: str, delimiter: str, columns: Iterable[str]) -> Iterator[Row]:
    """The file's rows; `columns` must be in its header. Raises ExportInvalid."""
    try:
        # Undecodable bytes become lone surrogates, so that one bad row does not cost the file.
        stream = path.open(
            encoding="utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding, errors="surrogateescape", newline=""
        )
    except OSError as error:
        raise ExportInvalid(f"{path.name} cannot be read: {error.strerror}") from error
    with stream:
        lines = _Lines(stream)
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            header = [name.strip() for name in next(rows, [])]
        except (csv.Error, UnicodeError) as error:
            raise ExportInvalid(f"{path.name} is not a CSV file: {error}") from error
        if missing := [column for column in columns if column not in header]:
            if _is_garbled("".join(header)):
                raise ExportInvalid(f"{path.name} is not text in {encoding}; name its encoding in the mapping file")
            raise ExportInvalid(f"{path.name} has no column {', '.join(missing)}; it has {', '.join(header) or 'none'}")
        yield from _rows(rows, lines, header, delimiter=delimiter)


class _Lines:
    """The lines of a stream, counted: a record may span several, and begins on the one after the last record's end."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._stream)
        self.taken += 1
        return line


def _rows(rows: Iterator[list[str]], lines: _Lines, header: list[str], *, delimiter: str) -> Iterator[Row]:
    while True:
        line = lines.taken + 1
        try:
            fields = next(rows, None)
        except csv.Error as error:
            yield Row(line, {}, "broken_row", str(error))
            continue
        if fields is None:
            return
        if fields:
            values = {name: value.strip() for name, value in zip(header, fields, strict=False)}
            yield Row(line, values, _fault(fields, len(header)), delimiter.join(fields))


def _fault(fields: list[str], width: int) -> str | None:
    text = "".join(fields)
    if _is_garbled(text):
        return "wrong_encoding"
    return None if len(fields) == width else "broken_row"


def _is_garbled(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)
