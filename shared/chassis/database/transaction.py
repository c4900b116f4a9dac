"""One transaction of PostgreSQL on a pooled connection. It speaks to the driver: a statement by way of SQLAlchemy costs twice as much."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import PoolProxiedConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from shared.chassis.database.faults import is_broken, told
from shared.chassis.database.rows import Row

_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
Listener = Callable[[str, Sequence[Any]], None]
"""Hears each statement and its arguments before it runs, except those of SQLAlchemy Core."""


class TransactionLost(RuntimeError):
    """Somebody caught a statement's error and went on: PostgreSQL had ended the transaction, so nothing of it was committed."""


class Transaction:
    """Statements between `begin` and `commit` or `rollback`. Errors are SQLAlchemy's, whichever way a statement went."""

    def __init__(self, engine: AsyncEngine, pooled: PoolProxiedConnection, listeners: Sequence[Listener]) -> None:
        self._engine = engine
        self._pooled = pooled
        self._driver: asyncpg.Connection = pooled.driver_connection
        self._listeners = listeners
        self._core: AsyncConnection | None = None
        self._savepoints = 0
        self._sent: asyncio.Task[Sequence[Row]] | None = None

    async def core(self) -> AsyncConnection:
        """The same connection for SQLAlchemy Core; the transaction is not its own to end."""
        await self.answered()
        if self._core is None:
            self._core = AsyncConnection(self._engine, Connection(self._engine.sync_engine, connection=self._pooled))
        return self._core

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Sequence[Row]:
        """Run one statement with `$1` placeholders; its rows. Raises DBAPIError, also that of what was sent before."""
        await self.answered()
        return await self._fetched(sql, arguments)

    async def send(self, sql: str, arguments: Sequence[Any]) -> None:
        """Run one statement behind what was sent before, and wait for neither: PostgreSQL works meanwhile.

        What is fetched or said next waits for all of it, and raises the first error; behind that nothing of it was run.
        """
        self._sent = asyncio.create_task(self._behind(self._sent, sql, arguments))
        await asyncio.sleep(0)  # the task begins, so the statement is on its way

    async def _behind(self, before: asyncio.Task[Sequence[Row]] | None, sql: str, arguments: Sequence[Any]) -> Sequence[Row]:
        if before is not None:
            await before
        return await self._fetched(sql, arguments)

    async def answered(self) -> None:
        """Wait for all that was sent. Raises its first DBAPIError, once."""
        if (sent := self._sent) is not None:
            try:
                await sent
            finally:
                if sent.done():
                    self._sent = None

    async def _fetched(self, sql: str, arguments: Sequence[Any]) -> Sequence[Row]:
        self._tell(sql, arguments)
        try:
            rows: Sequence[Row] = await self._driver.fetch(sql, *arguments)
        except _FAULTS as error:
            raise told(error, sql, is_lost=self._driver.is_closed()) from error
        return rows

    async def say(self, sql: str) -> str:
        """Run statements without arguments; the last one's tag. Raises DBAPIError, also that of what was sent before."""
        await self.answered()
        self._tell(sql, ())
        try:
            tag: str = await self._driver.execute(sql)
        except _FAULTS as error:
            raise told(error, sql, is_lost=self._driver.is_closed()) from error
        return tag

    def _tell(self, sql: str, arguments: Sequence[Any]) -> None:
        for listener in self._listeners:
            listener(sql, arguments)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is undone alone when it raises."""
        self._savepoints += 1
        name = f"part_{self._savepoints}"
        await self.say(f"savepoint {name}")
        try:
            yield
            await self.answered()
        except BaseException:
            await self._given_up()
            await self.say(f"rollback to {name}; release {name}")
            raise
        await self.say(f"release {name}")

    async def commit(self) -> None:
        """Raises TransactionLost if an earlier error had ended it."""
        if await self.say("commit") != "COMMIT":
            raise TransactionLost

    def end(self) -> None:
        """Give the connection back; nothing may run on it any more."""
        self._pooled.close()

    async def _given_up(self) -> None:
        """Nothing sent is under way any more; its error is nobody's, for the transaction goes back."""
        if (sent := self._sent) is not None:
            sent.cancel()
            await asyncio.wait([sent])
            self._sent = None
            if not sent.cancelled():
                sent.exception()

    async def roll_back(self, cause: BaseException) -> None:
        """Undo it all and give the connection back; one that cannot even do that is thrown away, and so is one that `cause` has broken."""
        try:
            await self._given_up()
            if not is_broken(cause):
                await self.say("rollback")
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection's state is unknown
            cause = error
        if is_broken(cause) and self._pooled.is_valid:
            await greenlet_spawn(self._pooled.invalidate)
        self.end()


@asynccontextmanager
async def transaction(engine: AsyncEngine, *, opening: str, listeners: Sequence[Listener]) -> AsyncIterator[Transaction]:
    """A transaction begun by the statements of `opening`: commits at the end of the block, rolls back on any exception."""
    held = Transaction(engine, await _checked_out(engine), listeners)
    try:
        await held.say(opening)
        yield held
        await held.commit()
    except BaseException as error:
        await _seen_through(held.roll_back(error))
        raise
    held.end()


async def _checked_out(engine: AsyncEngine) -> PoolProxiedConnection:
    """A connection of the pool, made if need be. Raises DBAPIError, OSError and the pool's TimeoutError."""
    try:
        return await engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:  # the adapter's own: SQLAlchemy tells it as its own class only of its connections
        cause = error.__cause__
        raise told(cause if isinstance(cause, Exception) else error, "connect", is_lost=False) from error


_ending: set[asyncio.Task[None]] = set()


async def _seen_through(ending: Coroutine[Any, Any, None]) -> None:
    """Wait for it; whoever is cancelled once more while waiting leaves it to end by itself."""
    task = asyncio.create_task(ending)
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    await asyncio.shield(task)
