"""The record of receipts checked: all of it on demand, and a stretch at a time by the worker, so that tampering is noticed."""

from dataclasses import dataclass

import structlog

from services.registration.domain.receipts.document import Fault
from services.registration.domain.receipts.keys import PublicKeys
from services.registration.domain.receipts.links import Place, walk
from services.registration.store import receipt_checks, receipts
from services.registration.store.receipt_checks import Ends, Round
from services.registration.use_cases.receipts.signing import Signer
from shared.chassis.database import UnitOfWork
from shared.chassis.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was checked: up to where, what is wrong, and whether that was the end."""

    place: Place
    faults: list[Fault]
    is_last: bool


async def check_stretch(uow: UnitOfWork, after: Place, keys: PublicKeys, *, size: int) -> Stretch:
    """Check at most `size` receipts after `after`; at the end of the chain also that its head and its signature are there."""
    ends = await receipt_checks.ends(uow)
    last = ends.stored if ends.sequence is None else ends.sequence
    until = min(after.sequence + size, last)
    rows = await receipt_checks.stored(uow, after.sequence, until)
    place, faults = walk(after, rows, keys, until=until)
    if until < last:
        return Stretch(place, faults, is_last=False)
    faults += _end_faults(place, ends)
    if last and not any(row.sequence == last and row.signature for row in await receipt_checks.stored(uow, last - 1, last)):
        faults.append(Fault("signature_missing", "The last link is not signed.", last))
    return Stretch(place, faults, is_last=True)


def _end_faults(place: Place, ends: Ends) -> list[Fault]:
    if ends.sequence is None:
        return [Fault("head_missing", "The chain has no head.")]
    if ends.stored > ends.sequence:
        return [Fault("head_differs", f"There are receipts up to {ends.stored}, and the head says {ends.sequence}.", ends.stored)]
    if place.sequence > ends.sequence:
        return [Fault("chain_cut", f"The chain was {place.sequence} long, and the head says {ends.sequence}.", place.sequence)]
    if place.hash is not None and place.hash != ends.hash:
        return [Fault("head_differs", "The head does not name the last link.", ends.sequence)]
    return []


class ReceiptCheck:
    """A timer's work: one stretch a time, round after round. The figure of the worst of this round and the one before is exported.

    The furthest end that this process has seen is remembered outside the database: a chain that was cut and signs well up to
    there is noticed too.
    """

    def __init__(self, signer: Signer, *, metrics: Metrics, size: int) -> None:
        self._signer = signer
        self._metrics = metrics
        self._size = size
        self._seen = Place()

    async def __call__(self, uow: UnitOfWork) -> int:
        """Check the next stretch; 0, so that the timer lets others work in between."""
        before = await receipt_checks.load(uow)
        stretch = await check_stretch(uow, before.place, self._signer.public, size=self._size)
        cut = await self._cut(uow)
        if stretch.faults or cut:
            first = [f"{each.code} at {each.sequence}" for each in (*cut, *stretch.faults)[:_SHOWN]]
            _log.error("receipts_differ_from_their_chain", faults=len(stretch.faults) + len(cut), first=first)
        state = _moved(before, stretch)
        await receipt_checks.save(uow, state)
        self._metrics.receipt_faults.set(max(state.faults, state.former_faults) + len(cut))
        return 0

    async def _cut(self, uow: UnitOfWork) -> list[Fault]:
        """Whether the end that was seen before is still in the chain."""
        seen = self._seen
        if seen.sequence:
            found = await receipts.links(uow, seen.sequence, seen.sequence, limit=1)
            if not found or found[0].hash != seen.hash:
                return [Fault("chain_cut", "A link that stood at the end of the chain is not there any more.", seen.sequence)]
        ends = await receipt_checks.ends(uow)
        self._seen = Place(ends.sequence or 0, ends.hash)
        return []


def _moved(before: Round, stretch: Stretch) -> Round:
    """The round after one more stretch; at the end of the chain the next one begins."""
    faults = before.faults + len(stretch.faults)
    told = [before.found] if before.found and before.faults else []
    found = "; ".join([*told, *(f"{each.code} at {each.sequence}" for each in stretch.faults[:_SHOWN])])[:500]
    if stretch.is_last:
        return Round(Place(), 0, faults, found)
    return Round(stretch.place, faults, before.former_faults, found if faults else before.found)
