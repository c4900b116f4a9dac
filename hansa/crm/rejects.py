"""The file of rows that were not imported: nothing is lost silently."""

import csv
from collections.abc import Iterable
from pathlib import Path

from hansa.crm.failures import RejectsUnwritable
from hansa.crm.opportunities import Reject

HEADER = ("line", "id", "reason", "detail", "row")


def check(path: Path) -> None:
    """See that the file can be written, without changing it. Raises RejectsUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists()
        with path.open("ab"):
            pass
        if fresh:
            path.unlink()
    except OSError as error:
        raise RejectsUnwritable(
            f"Rejects cannot be written to {path} ({error.strerror}): name another file with --rejects. Nothing was imported."
        ) from error


def write(path: Path, rejects: Iterable[Reject]) -> None:
    """Write the rejects by line. Bytes that were no text are written back as they came."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for reject in sorted(rejects, key=lambda one: one.line):
            writer.writerow((reject.line, reject.id, reject.reason, reject.detail, reject.text))
