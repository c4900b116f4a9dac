"""Exactly-once effect: batches of raw records become committed changes, refusals or parked events; nothing else."""

import asyncio
import random
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from shared.chassis.database import Database, UnitOfWork
from shared.chassis.database.faults import is_transient
from shared.chassis.errors import Refused, Transient
from shared.chassis.events import dead_letters
from shared.chassis.events.envelope import Undecodable, decode, inbox_id_of
from shared.chassis.events.handlers import Handlers
from shared.chassis.events.inbox import Claims, Recent, claim
from shared.chassis.events.incoming import Incoming, Raw
from shared.chassis.events.pausing import Breaker
from shared.chassis.events.tracing import batch_span
from shared.chassis.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.05, 5.0
_WORTH_TWO_LANES = 500  # records


class Paused(Transient):
    """Too many events are parked: the batch goes back and the consumer takes nothing until operators settled them."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """A record that cannot be handled, and why."""

    error: str
    detail: str
    trace: str = ""


class Processor:
    """Handles batches for one service. Raises only what means "deliver these records again"."""

    def __init__(self, database: Database, handlers: Handlers, *, metrics: Metrics, breaker: Breaker, retry_budget_s: float) -> None:
        self._database = database
        self._handlers = handlers
        self._types = {event.ce_type(): event for event in handlers.events}
        self._metrics = metrics
        self._budget_s = retry_budget_s
        self._recent = Recent()
        self.breaker = breaker

    async def process(self, records: Sequence[Raw]) -> None:
        """Take the records in, in order. When this returns, each is committed: handled, refused, waiting or parked."""
        if self.breaker.tripped:
            raise Paused
        started = time.perf_counter()
        fresh = self._recent.without_repeats(records)
        self._note(Tally(repeated=len(records) - len(fresh)))
        outcomes = await asyncio.gather(*map(self._process_lane, _lanes(fresh)), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                try:
                    raise outcome
                finally:
                    del outcome, outcomes  # the error's traceback holds this frame: it would keep the batch until a rare collection
        self._metrics.batch_records.observe(len(records))
        self._metrics.batch_seconds.observe(time.perf_counter() - started)

    async def _process_lane(self, records: Sequence[Raw]) -> None:
        items = [(raw, self._read(raw)) for raw in records]
        good = [item for _, item in items if isinstance(item, Incoming)]
        with batch_span(good, group=self._database.service, tracer=self._database.tracer):
            if len(good) < len(items) or not await self._all_at_once(items):
                for raw, item in items:
                    await self._alone(raw, item)
        self._recent.add(good)

    def _read(self, raw: Raw) -> "Incoming[Any] | _Fault":
        try:
            return decode(raw, types=self._types)
        except Undecodable as error:
            return _Fault(error.code, error.detail)

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Redo `work` on passing faults, with growing pauses, until the budget is spent."""
        deadline = time.monotonic() + self._budget_s
        delay = _FIRST_DELAY_S
        while True:
            try:
                await work()
                return
            except Exception as error:
                if not is_transient(error) or isinstance(error, Paused) or time.monotonic() + delay > deadline:
                    raise
                self._metrics.retries.add()
                _log.warning("passing_fault", error=repr(error)[:500], retry_in_s=round(delay, 2))
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(2 * delay, _LONGEST_DELAY_S)

    async def _all_at_once(self, items: "Sequence[tuple[Raw, Incoming[Any] | _Fault]]") -> bool:
        """Try the batch in one transaction; False if one of its events needs to be found and set apart."""
        try:
            await self._patiently(lambda: self._together(items))
        except Exception as error:
            if is_transient(error):
                raise
            _log.info("batch_one_by_one", records=len(items), error=repr(error)[:500])
            return False
        return True

    async def _together(self, items: "Sequence[tuple[Raw, Incoming[Any] | _Fault]]") -> None:
        """All records in one transaction; records that cannot be read are parked in it."""
        async with self._database.transaction() as uow:
            tally = await self._take_in(uow, items)
        self._note(tally)

    async def _take_in(self, uow: UnitOfWork, items: "Sequence[tuple[Raw, Incoming[Any] | _Fault]]") -> "Tally":
        good = [item for _, item in items if isinstance(item, Incoming)]
        bad = await self._park_unread(uow, items)
        claims = await claim(uow, good)
        keys = {i.inbox_id: self._stream(i) for i in claims.fresh}
        blocked = await dead_letters.parked_keys(uow, [*keys.values()])
        behind = [i for i in claims.fresh if keys[i.inbox_id] in blocked]
        for incoming in behind:
            await dead_letters.park_behind(uow, incoming, order_key=keys[incoming.inbox_id])
        await _refuse_conflicts(uow, claims)
        ready = [i for i in claims.fresh if keys[i.inbox_id] not in blocked]
        refused, later = await self._run(uow, ready)
        return Tally(len(ready) - refused, refused + later + len(claims.conflicts), bad, len(behind), len(good) - len(claims.fresh))

    def _stream(self, incoming: Incoming[Any]) -> str:
        return dead_letters.stream_of(self._handlers.order_key(incoming))

    async def _park_unread(self, uow: UnitOfWork, items: "Sequence[tuple[Raw, Incoming[Any] | _Fault]]", *, claimed: bool = False) -> int:
        """Park records that cannot be read; later events of their record key wait behind them."""
        bad = [(raw, item) for raw, item in items if isinstance(item, _Fault)]
        for raw, fault in bad:
            key = dead_letters.stream_of((raw.key or b"").decode("utf-8", "replace"))
            event_id = (inbox_id_of(raw) or "") if claimed else ""
            await dead_letters.park(uow, raw, order_key=key, error=fault.error, detail=fault.detail, event_id=event_id)
        return len(bad)

    async def _run(self, uow: UnitOfWork, ready: Sequence[Incoming[Any]]) -> tuple[int, int]:
        """Handlers for `ready`, then for the facts that they released, until none is left. Returns how many of each were refused."""
        if not ready:
            return 0, 0
        await uow.lock(*{name for incoming in ready for name in self._handlers.locks(incoming)})
        if len(ready) == 1:
            refused = await self._run_one(uow, ready[0])
        else:
            refused = 0
            await self._handlers.run(uow, ready)
        return refused, await self.run_released(uow)

    async def run_released(self, uow: UnitOfWork) -> int:
        """Handlers for the facts that were released in this transaction, until none is left. Returns how many were refused."""
        refused = 0
        while raws := uow.take_released():
            released = await self._still_readable(uow, raws)
            parked = await dead_letters.parked_keys(uow, [self._stream(incoming) for incoming in released])
            for incoming in released:
                refused += await self._run_released(uow, incoming, parked=parked)
        return refused

    async def _still_readable(self, uow: UnitOfWork, raws: Sequence[Raw]) -> list[Incoming[Any]]:
        """What waited through a deployment may not be readable any more: it is parked, its predecessor is not to blame."""
        read = [(raw, self._read(raw)) for raw in raws]
        await self._park_unread(uow, read, claimed=True)
        return [item for _, item in read if isinstance(item, Incoming)]

    async def _run_one(self, uow: UnitOfWork, incoming: Incoming[Any]) -> int:
        """One event: a refusal undoes what its handler had begun and is recorded. Among several it sends the batch one by one."""
        try:
            async with uow.savepoint():
                await self._handlers.run(uow, [incoming])
        except Refused as refusal:
            await uow.refuse(incoming, refusal.code, refusal.message)
            return 1
        return 0

    async def _run_released(self, uow: UnitOfWork, incoming: Incoming[Any], *, parked: set[str]) -> int:
        """A fact that had waited. If it fails for good it is parked itself: its predecessor is not to blame."""
        key = self._stream(incoming)
        if key in parked and await dead_letters.is_behind(uow, incoming.raw, order_key=key):
            await dead_letters.park_behind(uow, incoming, order_key=key)
            return 0
        await uow.lock(*self._handlers.locks(incoming))
        try:
            return await self._run_one(uow, incoming)
        except Exception as error:
            if is_transient(error):
                raise
            fault = _Fault(type(error).__name__, str(error), _short_trace())
            await self._keep(uow, incoming, fault)
            parked.add(key)
            return 0

    async def _alone(self, raw: Raw, item: "Incoming[Any] | _Fault") -> None:
        """One record in a transaction of its own; what fails for good is parked."""
        try:
            await self._patiently(lambda: self._together([(raw, item)]))
        except Exception as error:
            if is_transient(error) or not isinstance(item, Incoming):
                raise
            fault = _Fault(type(error).__name__, str(error), _short_trace())
            await self._patiently(lambda: self._park(item, fault))

    async def _park(self, incoming: Incoming[Any], fault: _Fault) -> None:
        async with self._database.transaction() as uow:
            if not (await claim(uow, [incoming])).fresh:
                return
            await self._keep(uow, incoming, fault)
        _log.error("event_parked", event_id=incoming.id, type=incoming.type, error=fault.error, detail=fault.detail[:500])
        self._note(Tally(parked=1))

    async def _keep(self, uow: UnitOfWork, incoming: Incoming[Any], fault: _Fault) -> None:
        key = self._stream(incoming)
        await dead_letters.park(
            uow, incoming.raw, order_key=key, error=fault.error, detail=fault.detail, trace=fault.trace, incoming=incoming
        )

    async def release_parked(self, uow: UnitOfWork, order_key: str) -> int:
        """Handle the letter at the head of a stream if it may go; returns 1 if that moved the stream."""
        letter = await dead_letters.next_letter(uow, order_key)
        if letter is None or not letter.may_go:
            return 0
        item = self._read(letter.raw)
        if isinstance(item, _Fault):
            await dead_letters.failed_again(uow, letter, error=item.error, detail=item.detail, trace="")
            return 1
        try:
            async with uow.savepoint():
                await dead_letters.settle(uow, letter)
                if letter.claimed or await _claimed_now(uow, item):
                    await self._run(uow, [item])
        except Exception as error:
            if is_transient(error):
                raise
            await dead_letters.failed_again(uow, letter, error=type(error).__name__, detail=str(error), trace=_short_trace())
        return 1

    def _note(self, tally: "Tally") -> None:
        self.breaker.note(handled=tally.handled + tally.refused, parked=tally.parked)
        for outcome, count in (
            ("handled", tally.handled),
            ("refused", tally.refused),
            ("parked", tally.parked + tally.behind),
            ("repeated", tally.repeated),
        ):
            if count:
                self._metrics.events.add(count, outcome=outcome)


def _lanes(records: Sequence[Raw]) -> Sequence[Sequence[Raw]]:
    """Two parts of a large batch that share no record key: one is decided while PostgreSQL writes the other.

    Each is a transaction of its own; if one has to be delivered again, the other's events are known already.
    """
    if len(records) < _WORTH_TWO_LANES:
        return (records,) if records else ()
    lanes: tuple[list[Raw], list[Raw]] = ([], [])
    lane_of: dict[bytes | None, int] = {}
    room = [0, 0]
    for key, count in Counter(raw.key for raw in records).most_common():  # the busiest key first, so that the parts come out even
        lane_of[key] = lane = int(room[1] < room[0])
        room[lane] += count
    for raw in records:
        lanes[lane_of[raw.key]].append(raw)
    return [lane for lane in lanes if lane]


async def _claimed_now(uow: UnitOfWork, incoming: Incoming[Any]) -> bool:
    """Claim what could not be read before; False if it came again meanwhile and has taken effect."""
    claims = await claim(uow, [incoming])
    await _refuse_conflicts(uow, claims)
    return bool(claims.fresh)


async def _refuse_conflicts(uow: UnitOfWork, claims: Claims) -> None:
    for incoming in claims.conflicts:
        await uow.refuse(incoming, "event_conflict", "This event id was used before with another body.")


def _short_trace() -> str:
    return traceback.format_exc(limit=-12)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one transaction did with its records."""

    handled: int = 0
    refused: int = 0
    parked: int = 0
    behind: int = 0
    repeated: int = 0
