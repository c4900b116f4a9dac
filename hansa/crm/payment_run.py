"""An import of invoices and payments from start to end: send the rows as they are read, wait for the books, sum up."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from hansa.crm.failures import NotCaughtUp
from hansa.crm.opportunities import Reject
from hansa.crm.payments import Told
from hansa.crm.upload import patiently
from hansa.simulate.client import Api

BATCH = 500
_EVERY_S = 0.2
_PATHS = {"invoice": "commission/v1/invoices", "payment": "commission/v1/payments"}


@dataclass(slots=True)
class Summary:
    """What an import did: `read` = `recorded` + `unchanged` + the rejects before the books. `states` are where those on record stand."""

    read: int = 0
    recorded: int = 0
    unchanged: int = 0
    states: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def skipped(self) -> list[tuple[str, int]]:
        """Reasons and how many rows each cost, the most frequent first."""
        counts = Counter(reject.reason for reject in self.rejects)
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def as_json(self) -> dict[str, object]:
        """The figures for programs."""
        skipped = [{"reason": reason, "count": count} for reason, count in self.skipped]
        return {"read": self.read, "recorded": self.recorded, "unchanged": self.unchanged, "states": dict(self.states), "skipped": skipped}


async def run(api: Api, rows: Iterable[Told | Reject], *, within_s: float, progress: Callable[[int], None]) -> Summary:
    """Import the rows; running it again changes nothing. Raises ExportInvalid, NotCaughtUp or Rejected."""
    summary = Summary()
    sent: dict[tuple[str, str], Told] = {}
    for batch in _batches(rows):
        summary.read += len(batch)
        summary.rejects += [row for row in batch if isinstance(row, Reject)]
        told = [row for row in batch if isinstance(row, Told)]
        for row, result in zip(told, await _send(api, told), strict=True):
            if _note(summary, row, result):
                sent.setdefault(row.key, row)
        progress(summary.read)
    await _settled(api, sent, summary, within_s=within_s)
    return summary


def _batches(rows: Iterable[Told | Reject]) -> Iterator[list[Told | Reject]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


async def _send(api: Api, told: Sequence[Told]) -> list[dict[str, object]]:
    if not told:
        return []
    return await patiently(partial(api.post_lines, "commission/v1/cash/imports", [row.body for row in told]))


def _note(summary: Summary, row: Told, result: dict[str, object]) -> bool:
    """Count a row's result; whether its document is on record."""
    if result["result"] == "refused":
        code, message = str(result["code"]), str(result["message"])
        summary.rejects.append(Reject(row.line, row.key[1], code, message, row.text))
        return False
    if result["result"] == "recorded":
        summary.recorded += 1
    else:
        summary.unchanged += 1
    return True


async def _settled(api: Api, sent: dict[tuple[str, str], Told], summary: Summary, *, within_s: float) -> None:
    """Wait until the books have decided on what was told to them, and note what they refused."""
    deadline = time.monotonic() + within_s
    kinds = sorted({kind for kind, _ in sent})
    while [kind for kind in kinds if (await api.get(_PATHS[kind], state="sent", limit="1"))["items"]]:
        if time.monotonic() > deadline:
            raise NotCaughtUp(f"Commission has not booked all invoices and payments within {within_s:.0f} s.")
        await asyncio.sleep(_EVERY_S)
    left = defaultdict(int, Counter(kind for kind, _ in sent))
    for kind in kinds:
        for state in ("refused", "waiting"):
            async for document in api.pages(_PATHS[kind], state=state):
                row = sent.get((kind, document["reference"]))
                if row is None:
                    continue
                left[kind] -= 1
                summary.states[state] += 1
                if state == "refused":
                    summary.rejects.append(Reject(row.line, row.key[1], document["reason"], document["message"] or "", row.text))
    summary.states["booked"] = sum(left.values())
