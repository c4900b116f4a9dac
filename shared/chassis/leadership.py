"""One leader among a service's processes: a session lock in the service's own database, on a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

_log = structlog.get_logger(__name__)
_RETRY_S = 1.0


def plain_dsn(url: str) -> str:
    """SQLAlchemy's address as asyncpg reads it."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


class Leadership:
    """Runs `lead(connection)` in at most one process at a time; losing the connection ends the term.

    PgBouncer in transaction mode breaks session locks: `url` must be the server's direct port.
    """

    def __init__(self, url: str, *, name: str, lead: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
        self._dsn = plain_dsn(url)
        self._name = name
        self._lead = lead
        self._task: asyncio.Task[None] | None = None
        self.leading = False

    async def start(self) -> None:
        """Begin to stand for election."""
        self._task = asyncio.create_task(self._run(), name=f"leader-{self._name}")

    async def stop(self) -> None:
        """End the term and free the lock."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._term()
            except Exception as error:  # noqa: BLE001 - whatever ended the term, the next one may succeed
                _log.warning("leader_term_ended", name=self._name, error=repr(error)[:500])
            await asyncio.sleep(_RETRY_S)

    async def _term(self) -> None:
        settings = {"application_name": f"hansa-{self._name}", "timezone": "UTC"}
        connection = await asyncpg.connect(self._dsn, server_settings=settings, command_timeout=30, timeout=10)
        try:
            if not await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 1))", self._name):
                return
            self.leading = True
            _log.info("leader_elected", name=self._name)
            await self._lead(connection)
        finally:
            self.leading = False
            connection.terminate()
