"""Due work: found by query, done by the service's elected leader, one transaction a portion."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from shared.chassis.database import Database, UnitOfWork
from shared.chassis.leadership import Leadership
from shared.chassis.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timer:
    """`run(uow)` does a bounded portion of what is due at `uow.now` and returns how much; while above 0 it is called again at once."""

    name: str
    every_s: float
    run: Callable[[UnitOfWork], Awaitable[int]]


class Timers:
    """Runs a service's timers in whichever of its processes leads."""

    def __init__(self, database: Database, timers: Sequence[Timer], *, metrics: Metrics) -> None:
        self._database = database
        self._timers = tuple(timers)
        self._metrics = metrics
        self._next = dict.fromkeys((timer.name for timer in timers), 0.0)
        self._leadership = Leadership(database.url, name=f"{database.service}-timers", lead=self._lead)

    async def start(self) -> None:
        await self._leadership.start()

    async def stop(self) -> None:
        await self._leadership.stop()

    async def run_due(self) -> int:
        """Do all that is due now, whatever the interval (for tests and commands). Returns how much was done."""
        return sum([await self._drain(timer) for timer in self._timers])

    async def _lead(self, connection: asyncpg.Connection) -> None:
        while True:
            for timer in self._timers:
                if time.monotonic() >= self._next[timer.name]:
                    await self._guarded(timer)
                    self._next[timer.name] = time.monotonic() + timer.every_s
            pause = min(self._next.values(), default=0.0) - time.monotonic()
            await asyncio.sleep(min(max(pause, 0.05), 5.0))
            await connection.fetchval("select 1")  # a leader whose lock is gone must not go on

    async def _guarded(self, timer: Timer) -> None:
        try:
            await self._drain(timer)
        except Exception as error:  # noqa: BLE001 - one timer's fault must not stop the others
            _log.error("timer_failed", timer=timer.name, error=repr(error)[:1000])

    async def _drain(self, timer: Timer) -> int:
        done = 0
        while True:
            async with self._database.transaction() as uow:
                portion = await timer.run(uow)
            if portion == 0:
                return done
            done += portion
            self._metrics.timer_done.add(portion, timer=timer.name)
