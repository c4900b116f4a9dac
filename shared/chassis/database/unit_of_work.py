"""One transaction in the hands of a use case: state changes, the events they cause, and facts that wait."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from opentelemetry.trace import Tracer
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncResult

from shared.chassis.database.rows import Row
from shared.chassis.database.transaction import Transaction
from shared.chassis.database.waiting import indexed
from shared.chassis.events.envelope import headers_of, pack_headers, unpack_headers
from shared.chassis.events.incoming import Cause, Incoming, Raw
from shared.chassis.events.tracing import continued
from shared.chassis.ids import new_id_text
from shared.schemas.base import Event

MAX_EVENT_BYTES = 900_000  # below the broker's default limit of 1 MiB, headers included

_INSERT_OUTBOX = """
insert into outbox (event_id, aggregatetype, aggregateid, type, payload, headers)
select i, t, k, y, p, h
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) with ordinality as r(i, t, k, y, p, h, n)
order by n"""
_LOCK = "select pg_advisory_xact_lock(k) from (select distinct hashtextextended(n, 0) as k from unnest($1::text[]) n order by 1) keys"
_WAIT = """
insert into waiting_facts (predecessor, event_id, reason, topic, partition, "offset", key, value, headers, subject)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_RELEASE = """
with released as (delete from waiting_facts where predecessor = any($1::text[]) returning *)
select topic, partition, "offset", key, value, headers from released order by id"""
_RELEASE_OLDEST = """
with oldest as (select id from waiting_facts where predecessor = any($1::text[]) order by id limit $2),
released as (delete from waiting_facts where id in (select id from oldest) returning *)
select topic, partition, "offset", key, value, headers from released order by id"""
# A fact without a subject may be about anything. To release it is safe: it waits again, with its subject.
RELEASE_ABOUT = """
with theirs as (
    select id from waiting_facts where (subject = any($1::text[]) or subject is null) and predecessor like any($2::text[])
    order by id for update skip locked),
released as (delete from waiting_facts where id in (select id from theirs) returning *)
select topic, partition, "offset", key, value, headers from released order by id"""
_REFUSE = """
insert into refusals (event_id, type, subject, code, message) values ($1, $2, $3, $4, $5) on conflict do nothing"""


_KEEP_PLANS = """
select set_config('hansa.plans', current_setting('plan_cache_mode'), true), set_config('plan_cache_mode', 'auto', true)"""
_PLAN_AS_BEFORE = "select set_config('plan_cache_mode', current_setting('hansa.plans'), true)"
LastStep = Callable[["UnitOfWork", Sequence[Any]], Awaitable[None]]


class EventTooLarge(ValueError):
    """An event's body is larger than the broker would take; the state change must not commit without it."""


class UnitOfWork:
    """What a use case may do within one transaction; it never commits (the edge does)."""

    def __init__(self, transaction: Transaction, *, now: datetime, service: str, tracer: Tracer, cause: Cause | None = None) -> None:
        self._transaction = transaction
        self.now = now
        self._service = service
        self._tracer = tracer
        self._cause = cause
        self._outbox: list[tuple[str, str, str, str, str | None, str]] = []
        self._released: list[Raw] = []
        self._last: list[tuple[LastStep, Any]] = []
        self._parts = 0
        self.has_emitted = False

    async def execute(self, statement: sa.Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a SQLAlchemy Core statement."""
        return await (await self._transaction.core()).execute(statement, parameters)

    async def stream(self, statement: sa.Executable, *, portion: int) -> AsyncResult[Any]:
        """Run a SQLAlchemy Core statement whose rows are read from a cursor on the server, `portion` at a time."""
        core = await self._transaction.core()
        return await core.stream(statement, execution_options={"yield_per": portion})

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Row]:
        """Run one hand-written statement with `$1` placeholders (arrays through `unnest` on hot paths); its rows."""
        return await self._transaction.fetch(sql, arguments)

    async def send(self, sql: str, *arguments: Any) -> None:
        """Like `fetch` for a statement whose rows nobody reads: what follows it goes on while PostgreSQL works.

        The next one that is fetched waits for it and raises its error, so nobody can catch that where it belongs.
        """
        await self._transaction.send(sql, arguments)

    async def plan_for_arrays(self) -> None:
        """Plan this transaction's statements for the arrays they are given.

        A plan kept from when a table was small reads all of it for each element of an array: measured, 60 s instead of 2 s.
        """
        await self.fetch("set local plan_cache_mode = force_custom_plan")

    @asynccontextmanager
    async def plans_kept(self) -> AsyncIterator[None]:
        """For what is sent within, take back `plan_for_arrays`: the check of a foreign key is a statement, too, planned anew for each row.

        Of 500 rows the checks took 6.4 ms, and 1.8 with their plan kept.
        """
        await self.send(_KEEP_PLANS)
        yield
        await self.send(_PLAN_AS_BEFORE)

    def emit(self, event: Event, *, sequence: int = 0) -> str:
        """Add an event to this transaction's outbox rows; `sequence` is the aggregate's version. Returns its id. Raises EventTooLarge."""
        body = event.model_dump_json(exclude_none=True)
        if len(body) > MAX_EVENT_BYTES // 4 and (size := len(body.encode())) > MAX_EVENT_BYTES:  # a letter has at most four bytes
            raise EventTooLarge(f"{event.ce_type()} {event.subject} has {size} bytes")
        event_id = new_id_text()
        headers = headers_of(event, event_id=event_id, service=self._service, sequence=sequence, cause=self._cause, now=self.now)
        self._add(event_id, event.topic, event.key, headers["ce_type"], body, headers)
        return event_id

    def erase(self, event: type[Event], key: str) -> None:
        """Add a tombstone: on a compacted topic everything recorded under `key` disappears."""
        event_id = new_id_text()
        headers = {"ce_id": event_id, "ce_type": event.ce_type(), "ce_source": f"/hansa/{self._service}"}
        self._add(event_id, event.topic, key, event.ce_type(), None, headers)

    def _add(self, event_id: str, topic: str, key: str, ce_type: str, body: str | None, headers: Mapping[str, str]) -> None:
        self._outbox.append((event_id, topic, key, ce_type, body, orjson.dumps(headers).decode()))
        self.has_emitted = True

    async def send_emitted(self) -> None:
        """Have PostgreSQL write the outbox rows so far while the use case goes on: for many, before work that leaves PostgreSQL idle.

        Within a part nothing is done: what it emitted can be taken back only while it is here.
        """
        if self._outbox and not self._parts:
            await self.send(_INSERT_OUTBOX, *self._taken_from_outbox())

    def at_last(self, step: LastStep, item: Any) -> None:
        """Have `step` called with `item`, and all others noted for it, right before the commit: it locks what everyone waits for.

        Such a lock, taken in the midst of the work, would be held while the rest of it waits for others.
        """
        self._last.append((step, item))

    async def flush(self) -> None:
        """Write the outbox rows, then take the last steps; the edge calls it before the commit."""
        if self._outbox:
            await self.send(_INSERT_OUTBOX, *self._taken_from_outbox())
        noted, self._last = self._last, []
        for step in dict.fromkeys(step for step, _ in noted):
            await step(self, [item for each, item in noted if each == step])

    async def flush_and_fetch(self, sql: str) -> Sequence[Row]:
        """`flush`, then the rows of `sql`, a select without arguments: in one statement where there are no last steps."""
        if self._outbox and not self._last:
            return await self.fetch(f"with told as ({_INSERT_OUTBOX}) {sql}", *self._taken_from_outbox())
        await self.flush()
        return await self.fetch(sql)

    def _taken_from_outbox(self) -> list[list[str | None]]:
        columns: list[list[str | None]] = [list(column) for column in zip(*self._outbox, strict=True)]
        self._outbox.clear()
        return columns

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is undone alone when it raises, with the events it emitted, the facts it released and the last steps it noted."""
        emitted, released, noted = len(self._outbox), len(self._released), len(self._last)
        self._parts += 1
        try:
            async with self._transaction.savepoint():
                yield
        except BaseException:
            del self._outbox[emitted:], self._released[released:], self._last[noted:]
            raise
        finally:
            self._parts -= 1

    async def lock(self, *names: str) -> None:
        """Hold the named locks until the transaction ends. Taken sorted, in one statement, so that two batches cannot deadlock."""
        if names:
            await self.fetch(_LOCK, list(names))

    @contextmanager
    def caused_by(self, cause: Cause | None) -> Iterator[None]:
        """Events emitted within the block name `cause` as their origin, and go on with its trace."""
        before, self._cause = self._cause, cause
        try:
            if getattr(cause, "traceparent", None) is None:  # nothing to go on with: spare each event the second context manager
                yield
                return
            with continued(cause, self._tracer):
                yield
        finally:
            self._cause = before

    async def wait_for(self, predecessor: str, incoming: Incoming[Event], *, reason: str) -> None:
        """Keep a fact until `predecessor` is released. Call it under `lock(predecessor)`, or a release may pass it by."""
        raw = incoming.raw
        await self.fetch(
            _WAIT,
            predecessor,
            incoming.inbox_id,
            reason,
            raw.topic,
            raw.partition,
            raw.offset,
            raw.key,
            raw.value,
            pack_headers(raw.headers),
            indexed(incoming.event.subject),
        )

    async def release(self, *predecessors: str) -> None:
        """The predecessors are there: facts that waited for them are handled next, in this same transaction, as they came."""
        if predecessors:
            self._take_up(await self.fetch(_RELEASE, list(predecessors)))

    async def release_oldest(self, predecessors: Sequence[str], *, most: int) -> None:
        """Like `release`, for so many facts that they are taken up in portions."""
        self._take_up(await self.fetch(_RELEASE_OLDEST, list(predecessors), most))

    async def release_about(self, subjects: Sequence[str], *, waiting_for: Sequence[str]) -> None:
        """Like `release`, for facts about one of the subjects that wait for something whose name begins so.

        Those that somebody else takes up at this moment are left to them.
        """
        about = [indexed(subject) for subject in subjects]
        self._take_up(await self.fetch(RELEASE_ABOUT, about, [f"{name}%" for name in waiting_for]))

    def _take_up(self, rows: Sequence[Row]) -> None:
        self._released += [Raw(r[0], r[1], r[2], r[3], r[4], unpack_headers(r[5])) for r in rows]

    def take_released(self) -> list[Raw]:
        """The released records that are not handled yet (for the consumer)."""
        taken, self._released = self._released, []
        return taken

    async def refuse(self, incoming: Incoming[Event], code: str, message: str) -> None:
        """Record that a business rule refused a consumed event: an outcome, shown to operators, never retried."""
        await self.fetch(_REFUSE, incoming.inbox_id, incoming.type, incoming.subject, code, message)
