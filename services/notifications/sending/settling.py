"""Writing attempts down many at a time, so that a receiver's answer costs a part of a transaction, not a whole one."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from services.notifications.store.outgoing import Settled
from services.notifications.use_cases.settle_attempts import settle_attempts
from shared.chassis.database import Database
from shared.chassis.database.faults import is_transient

_log = structlog.get_logger(__name__)
_MOST = 500
_RETRY_S = 0.5


class Settler:
    """Takes settled attempts and writes whatever has come together while the transaction before was under way."""

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._queue: asyncio.Queue[Settled] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def put(self, attempt: Settled) -> None:
        """Have it written soon. If the process dies first, the lease ends and the delivery is sent again, under the same id."""
        self._queue.put_nowait(attempt)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhook-settler")

    async def stop(self, *, within_s: float) -> None:
        """Write what is left, for so long at most."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self._queue.join(), within_s)
        except TimeoutError:
            _log.warning("webhook_attempts_unwritten", count=self._queue.qsize())
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < _MOST and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._write(batch)
            for _ in batch:
                self._queue.task_done()

    async def _write(self, batch: Sequence[Settled]) -> None:
        while True:
            try:
                async with self._database().transaction() as uow:
                    await settle_attempts(uow, batch)
                return
            except Exception as error:  # noqa: BLE001 - the loop must outlive any fault; unwritten deliveries come again by lease
                _log.warning("webhook_attempts_not_written", count=len(batch), error=repr(error)[:500])
                if not is_transient(error):
                    break
            await asyncio.sleep(_RETRY_S)
        if len(batch) > 1:  # such as a delivery that was removed in between: it must not take the others with it
            for attempt in batch:
                await self._write([attempt])
