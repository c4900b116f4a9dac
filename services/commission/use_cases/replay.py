"""Build the ledger anew from the journal beside live traffic, in a schema of its own, and compare it with the one that stands."""

import asyncio
import gc
import hashlib
import multiprocessing
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from uuid import UUID

import asyncpg
import orjson

from services.commission.domain.ledger import Versions, work
from services.commission.store import replay_scope
from services.commission.store.comparing import Comparing, Comparison
from services.commission.store.loading import book_of, deals_of
from services.commission.store.replaying import Lately, Rows, Source, append, clean_cut, connect, plan_of, settled, to_do
from services.commission.store.touching import Touched
from shared.chassis import loops
from shared.chassis.errors import Refused

PORTION = 4_000
TAIL = -1  # the shard of what was posted since the replay began
_RUN = "select asked, ceiling, jobs from runs"
_BEGUN = "select shard, seq, facts from checkpoints"
_KEEP_RUN = "insert into runs (asked, ceiling, jobs) values ($1, $2, $3)"
_KEEP_CHECKPOINTS = "insert into checkpoints (shard, seq, facts) select s, case when s < 0 then $2 else 0 end, 0 from unnest($1::int[]) s"
_HIGHEST = "select coalesce(max(seq), 0) from public.journal"
_LATE = "select exists (select 1 from public.journal where recorded_at <= $1 and seq > $2)"
_REFUSED = "select fact_id, why from refused order by 1 limit 100"
_EXISTS = "select exists (select 1 from pg_namespace where nspname = $1)"
_LOCK = "select pg_try_advisory_lock(hashtextextended($1, 3))"


class ReplayRunning(Refused):
    code = "replay_running"
    sentence = "The same replay is under way already; wait for it."


class UntilTooRecent(Refused):
    code = "until_too_recent"
    status = 422
    sentence = "Something was posted as of {until} only now; name an earlier moment, or try again."


class _ScopeGrew(Exception):
    """A deal tied other partners to those in scope meanwhile: their facts are needed from the beginning."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to replay: everything, or up to an instant; everybody, one partner, or slice number (from 0) of so many."""

    until: datetime | None = None
    partner: UUID | None = None
    part: tuple[int, int] | None = None

    @property
    def scoped(self) -> bool:
        return self.partner is not None or self.part is not None

    @property
    def text(self) -> str:
        """The same for the same question."""
        return orjson.dumps(asdict(self)).decode()

    @property
    def schema(self) -> str:
        """The schema's name: who asks the same again goes on where it was left."""
        return f"replay_{hashlib.sha256(self.text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it. `facts` were worked in all, `resumed` of them before this run; `until` is the moment compared."""

    facts: int
    resumed: int
    until: datetime | None
    comparison: Comparison
    refused: tuple[tuple[str, str], ...]

    @property
    def same(self) -> bool:
        """Whether the ledger is what its journal gives."""
        return not self.comparison.differing and not self.refused


async def _at_once() -> None:
    """No pause between portions."""


class Replay:
    """One replay on the worker's database. With `jobs` above 1 it works in so many processes; `pause` is awaited between portions."""

    def __init__(
        self, url: str, asked: Asked, *, jobs: int = 1, size: int = PORTION, pause: Callable[[], Awaitable[None]] = _at_once
    ) -> None:
        self._url = url
        self._asked = asked
        self._jobs = 1 if asked.scoped else jobs
        self._size = size
        self._pause = pause

    async def run(self, *, fresh: bool = False) -> Replayed:
        """Replay, compare and clear up; goes on where an earlier run was cut short, unless `fresh`.

        Raises ReplayRunning, UntilTooRecent.
        """
        connection = await connect(self._url, self._asked.schema)
        try:
            if not await connection.fetchval(_LOCK, self._asked.schema):
                raise ReplayRunning
            while True:
                try:
                    found = await self._replayed(connection, fresh=fresh)
                except _ScopeGrew:
                    fresh = True
                    continue
                await connection.execute("select public.replay_close($1)", self._asked.schema)
                return found
        finally:
            await connection.close()

    async def _replayed(self, connection: asyncpg.Connection, *, fresh: bool) -> Replayed:
        resumed = 0 if fresh else await self._resumed(connection)
        if resumed is None or fresh:
            resumed = 0
            await self._begin(connection)
        _, ceiling, jobs = await connection.fetchrow(_RUN)
        await self._history(int(jobs))
        if self._asked.until is None:
            await self._catch_up(connection)
        async with connection.transaction(isolation="repeatable_read"):
            return await self._finish(connection, resumed=resumed, ceiling=ceiling)

    async def _resumed(self, connection: asyncpg.Connection) -> int | None:
        """How many facts an earlier run left worked, or None if there is nothing to go on from."""
        if not await connection.fetchval(_EXISTS, self._asked.schema):
            return None
        run = await connection.fetchrow(_RUN)
        return None if run is None else sum(row["facts"] for row in await connection.fetch(_BEGUN))

    async def _begin(self, connection: asyncpg.Connection) -> None:
        """Open the schema and write down what is asked, up to where, by whom, and whose facts it takes."""
        asked, ceiling = self._asked, await settled(connection)
        until = asked.until
        async with connection.transaction():
            await connection.execute("select public.replay_close($1)", asked.schema)
            await connection.execute("select public.replay_open($1)", asked.schema)
            if until is not None:
                until, ceiling = await clean_cut(connection, until, ceiling)
            jobs = 1 if await self._budgeted(connection, ceiling) else self._jobs
            if asked.scoped:
                compared = await self._compared(connection)
                await replay_scope.keep(connection, await self._scope(connection, compared, ceiling), compared=compared)
                await to_do(connection, 0, ceiling)
            elif jobs > 1:
                await replay_scope.divide(connection, ceiling=ceiling, jobs=jobs)
            await connection.execute(_KEEP_RUN, "" if until is None else until.isoformat(), ceiling, jobs)
            await connection.execute(_KEEP_CHECKPOINTS, [TAIL, *range(jobs)], ceiling)

    async def _budgeted(self, connection: asyncpg.Connection, ceiling: int) -> bool:
        """Whether a SPIFF's budget ties all partners together: what one earned left less for the next."""
        plan = await plan_of(connection, ceiling)
        return any(spiff.budget is not None for version in plan.versions for spiff in version.spiffs)

    async def _scope(self, connection: asyncpg.Connection, compared: set[UUID], ceiling: int) -> set[UUID]:
        if await self._budgeted(connection, ceiling):
            return await replay_scope.everybody(connection)
        return await replay_scope.closure(connection, compared)

    async def _compared(self, connection: asyncpg.Connection) -> set[UUID]:
        if self._asked.part is not None:
            return await replay_scope.slice_of(connection, *self._asked.part)
        return {self._asked.partner} if self._asked.partner else set()

    async def _history(self, jobs: int) -> None:
        """Work everything up to the ceiling, each shard from its checkpoint on."""
        if jobs == 1:
            await work_shard(self._url, self._asked, 0, size=self._size, pause=self._pause)
            return
        context = multiprocessing.get_context("spawn")
        processes = [
            context.Process(target=_in_process, args=(self._url, self._asked, shard, self._size), daemon=True) for shard in range(jobs)
        ]
        try:
            for process in processes:
                process.start()
            await asyncio.gather(*(asyncio.to_thread(_joined, process) for process in processes))
        finally:
            for process in processes:
                process.kill()

    async def _catch_up(self, connection: asyncpg.Connection) -> None:
        """Work what was posted meanwhile, until little is left: the snapshot of the comparison is then held for a short time."""
        while True:
            after, ceiling = await self._reached(connection), await settled(connection)
            if ceiling - after <= self._size:
                return
            await self._tail(connection, after, ceiling)

    async def _reached(self, connection: asyncpg.Connection) -> int:
        return next(int(row["seq"]) for row in await connection.fetch(_BEGUN) if row["shard"] == TAIL)

    async def _tail(self, connection: asyncpg.Connection, after: int, ceiling: int) -> None:
        if self._asked.scoped:
            await to_do(connection, after, ceiling)
        source = Source(connection, size=self._size, scoped=self._asked.scoped)
        versions, lately = Versions(await plan_of(connection, ceiling)), Lately()
        while after < ceiling:
            rows = await source.next(after, ceiling)
            await _worked(connection, rows, versions, lately, shard=TAIL, after=after)
            after = rows.upto

    async def _finish(self, connection: asyncpg.Connection, *, resumed: int, ceiling: int) -> Replayed:
        """In one snapshot: work what is left of the journal, then compare with the ledger of that same instant."""
        asked = self._asked
        text = await connection.fetchval("select asked from runs")
        until = datetime.fromisoformat(text) if text else None
        if until is None:
            await self._tail(connection, await self._reached(connection), int(await connection.fetchval(_HIGHEST)))
        elif await connection.fetchval(_LATE, until, ceiling):
            raise UntilTooRecent(until=until)
        if asked.scoped and await replay_scope.closure(connection, scope := await replay_scope.kept(connection)) != scope:
            raise _ScopeGrew
        comparison = await Comparing(connection, scoped=asked.scoped, until=until).compare()
        facts = sum(row["facts"] for row in await connection.fetch(_BEGUN))
        refused = tuple((row[0], row[1]) for row in await connection.fetch(_REFUSED))
        return Replayed(facts, resumed, until, comparison, refused)


def _in_process(url: str, asked: Asked, shard: int, size: int) -> None:
    gc.disable()  # a portion makes hundreds of thousands of objects that die by reference count, and the process ends with its shard
    loops.run(work_shard(url, asked, shard, size=size))


def _joined(process: BaseProcess) -> None:
    process.join()
    if process.exitcode:
        raise RuntimeError(f"A process of the replay ended with {process.exitcode}; run it again, it goes on where it was left.")


async def work_shard(url: str, asked: Asked, shard: int, *, size: int = PORTION, pause: Callable[[], Awaitable[None]] = _at_once) -> None:
    """Work one shard up to the ceiling; the next portion is read while one is worked."""
    reader, writer = await connect(url, asked.schema), await connect(url, asked.schema)
    try:
        _, ceiling, jobs = await reader.fetchrow(_RUN)
        after = next(int(row["seq"]) for row in await reader.fetch(_BEGUN) if row["shard"] == shard)
        source = Source(reader, size=size, shard=shard, jobs=jobs, scoped=asked.scoped)
        versions, lately = Versions(await plan_of(reader, ceiling)), Lately()
        coming = asyncio.create_task(source.next(after, ceiling))
        while after < ceiling:
            rows = await coming
            coming = asyncio.create_task(source.next(rows.upto, ceiling))
            await _worked(writer, rows, versions, lately, shard=shard, after=after)
            after = rows.upto
            await pause()
        await coming
    finally:
        reader.terminate()
        await writer.close()


async def _worked(connection: asyncpg.Connection, rows: Rows, versions: Versions, lately: Lately, *, shard: int, after: int) -> None:
    """Load what a portion touches, work it, add what it gave."""
    known, unknown = lately.of({journaled.fact.deal_id for journaled in rows.facts if journaled.fact.deal_id})
    deals = [*known, *await deals_of(connection, unknown)]
    facts = [(journaled.fact, versions.known(journaled.plan_known)) for journaled in rows.facts]
    latest = versions.known(max((journaled.plan_known for journaled in rows.facts), default=0))
    book = await book_of(connection, Touched(facts, deals, latest))
    worked = work(rows.facts, book, versions)
    await append(connection, worked, shard=shard, after=after, upto=rows.upto)
    lately.keep(worked.deals)
