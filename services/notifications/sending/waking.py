"""Being told of due deliveries at once: LISTEN on a connection of its own."""

import asyncio

import asyncpg
import structlog

from services.notifications.store.feed import CHANNEL
from shared.chassis.leadership import plain_dsn

_log = structlog.get_logger(__name__)
_CHECK_S = 5.0
_RETRY_S = 1.0


class Listener:
    """Sets `wake` at every notice. Without a connection only latency is lost: the sender polls as well.

    PgBouncer in transaction mode breaks LISTEN: `url` must be the server's direct port.
    """

    def __init__(self, url: str, *, wake: asyncio.Event) -> None:
        self._dsn = plain_dsn(url)
        self._wake = wake
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhook-listener")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("webhook_listener_lost", error=repr(error)[:500])
            await asyncio.sleep(_RETRY_S)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "hansa-notifications-listener"}, timeout=10)
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._wake.set())
            while True:
                self._wake.set()  # what was announced before this connection stood
                await asyncio.sleep(_CHECK_S)
                await connection.fetchval("select 1", timeout=10)
        finally:
            connection.terminate()
