"""One role of one service's database: the engine, its transactions, and the word to the relay after a commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog
from opentelemetry.trace import NoOpTracer, Tracer
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.chassis.clock import Clock
from shared.chassis.database.access import current_actor, named
from shared.chassis.database.faults import see_broken_connection
from shared.chassis.database.rows import DriverRow
from shared.chassis.database.transaction import Listener, transaction
from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.events.incoming import Cause
from shared.chassis.leadership import plain_dsn

OUTBOX_CHANNEL = "hansa_outbox"
_DEBOUNCE_S = 0.005
_log = structlog.get_logger(__name__)


class Database:
    """Transactions on `url` as one role. Pools hold at most `pool` connections; nothing is opened before it is needed.

    `set_based` plans every statement for the arrays it is given: see `UnitOfWork.plan_for_arrays`. `bound` names the caller to
    PostgreSQL at every begin: only a role that sees every partner's rows in any case does without.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        service: str,
        tracer: Tracer | None = None,
        pool: int = 8,
        lock_timeout_ms: int = 5_000,
        statement_timeout_ms: int = 30_000,
        set_based: bool = False,
        bound: bool = True,
    ) -> None:
        self.url = url
        self.service = service
        self._clock = clock
        self._tracer = tracer or NoOpTracer()
        limits = {"lock_timeout": str(lock_timeout_ms), "statement_timeout": str(statement_timeout_ms)}
        plans = {"plan_cache_mode": "force_custom_plan"} if set_based else {}
        self.engine = _engine(url, pool=pool, settings=limits | plans | {"application_name": f"hansa-{service}"})
        self._is_bound = bound
        self.listeners: list[Listener] = []
        event.listen(self.engine.sync_engine, "handle_error", see_broken_connection)
        self._wakeup = Wakeup(url, application=f"hansa-{service}")

    @property
    def tracer(self) -> Tracer:
        """The service's tracer."""
        return self._tracer

    @asynccontextmanager
    async def transaction(self, *, cause: Cause | None = None) -> AsyncIterator[UnitOfWork]:
        """One transaction: commits at the end of the block, rolls back on any exception."""
        opening = f"begin; {named(current_actor.get())}" if self._is_bound else "begin"
        async with transaction(self.engine, opening=opening, listeners=self.listeners) as held:
            uow = UnitOfWork(held, now=self._clock.now(), service=self.service, tracer=self._tracer, cause=cause)
            yield uow
            await uow.flush()
        if uow.has_emitted:
            self._wakeup.soon()

    async def close(self) -> None:
        """Close every connection."""
        await self._wakeup.close()
        await self.engine.dispose()


def _engine(url: str, *, pool: int, settings: dict[str, str]) -> AsyncEngine:
    longest_ms = 2 * int(settings["statement_timeout"])
    fixed = {"idle_in_transaction_session_timeout": str(longest_ms), "timezone": "UTC", "jit": "off"}
    return create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,  # an error's text goes to logs and dead letters: no contact or secret may
        isolation_level="AUTOCOMMIT",  # transactions are begun and ended by `transaction` alone
        pool_reset_on_return=None,
        pool_recycle=1800,  # plans cached before a migration do not outlive it for long
        connect_args={"server_settings": fixed | settings, "command_timeout": longest_ms / 1000, "record_class": DriverRow},
    )


class Wakeup:
    """Tells the relay that there is something to send: one NOTIFY for all commits of a moment.

    A NOTIFY inside every transaction halves throughput: PostgreSQL takes a global lock at the commit of each.
    """

    def __init__(self, url: str, *, application: str) -> None:
        self._dsn = plain_dsn(url)
        self._application = application
        self._connection: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def soon(self) -> None:
        """Notify within a few milliseconds; calls in between cost nothing."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._notify())
        else:
            self._again = True

    async def _notify(self) -> None:
        while True:
            await asyncio.sleep(_DEBOUNCE_S)
            self._again = False
            try:
                await (await self._connected()).execute(f"notify {OUTBOX_CHANNEL}")
            except Exception as error:  # noqa: BLE001 - only latency is lost: the relay polls as well
                _log.warning("outbox_wakeup_failed", error=repr(error))
            if not self._again:
                return

    async def _connected(self) -> asyncpg.Connection:
        """A connection of its own: a notification takes none from the requests, and one round trip."""
        if self._connection is None or self._connection.is_closed():
            settings = {"application_name": f"{self._application}-wakeup"}
            self._connection = await asyncpg.connect(self._dsn, server_settings=settings, command_timeout=10, timeout=10)
        return self._connection

    async def close(self) -> None:
        """Wait for a notification under way."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=1)
        if self._connection is not None:
            self._connection.terminate()
