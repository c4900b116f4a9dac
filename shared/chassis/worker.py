"""A service's background half: consumer, relay, timers and the service's own extras, started and stopped as one."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from aiokafka.errors import KafkaError

from shared.chassis import memory
from shared.chassis.database import Database, UnitOfWork
from shared.chassis.database.faults import is_transient
from shared.chassis.events import Handlers, dead_letters
from shared.chassis.events.broker import Consumer
from shared.chassis.events.consumer import Processor
from shared.chassis.events.pausing import Breaker
from shared.chassis.events.relay import Relay
from shared.chassis.http import idempotency
from shared.chassis.settings import ServiceSettings
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.timers import Timer, Timers

_JOIN_AGAIN_S = 1.0
_TIDY_S = 60.0
# Tens of megabytes of what refers to itself, should a minute make so much. A batch makes a hundred thousand objects that die by
# reference count: looking while it is at work costs an eighth and finds nothing. The watch looks once a minute instead.
_MOST_CONTAINERS = 1_000_000
_TAKEN_UP_AT_ONCE = 100  # facts that waited: each may hold its partner's lock until the portion is through

Arrived = Callable[[UnitOfWork], Awaitable[Sequence[str]]]
"""What facts wait for and is there by now, though no event brought it: the names of predecessors."""
_log = structlog.get_logger(__name__)
_OPEN = "select count(*) from dead_letters where state = 'parked' and error <> 'parked_behind'"
_WAITING = "select count(*) from waiting_facts"


async def nothing_arrived(_: UnitOfWork) -> Sequence[str]:
    """Facts of this service wait for events alone."""
    return ()


class Part(Protocol):
    """Something that a worker runs."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Worker:
    """Runs until stopped; each part finishes what it has under way."""

    def __init__(
        self,
        database: Database,
        settings: ServiceSettings,
        *,
        service: str,
        handlers: Handlers,
        timers: Sequence[Timer],
        extras: Sequence[Part],
        metrics: Metrics,
        arrived: Arrived = nothing_arrived,
    ) -> None:
        self._database = database
        self._arrived = arrived
        self._metrics = metrics
        breaker = Breaker(limit=settings.park_limit, share=settings.park_share, window_s=settings.park_window_s)
        self.processor = Processor(database, handlers, metrics=metrics, breaker=breaker, retry_budget_s=settings.retry_budget_s)
        self.consumer: Consumer | None = None
        if handlers.topics:
            self.consumer = Consumer(settings, service=service, topics=handlers.topics, processor=self.processor, metrics=metrics)
        self.relay = Relay(settings.worker_url, settings, service=service, metrics=metrics)
        own = (
            Timer("release parked events", 2.0, self._release_parked),
            Timer("take up what waited", 1.0, self._take_up),
            Timer("forget old answers", 300.0, idempotency.prune),
        )
        self.timers = Timers(database, (*own, *timers), metrics=metrics)
        self._extras = tuple(extras)
        self._joining: asyncio.Task[None] | None = None
        self._review: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start every part; the consumer last, when what it leads to is there.

        A server that does not answer yet is waited for in the background; readiness stays red meanwhile.
        """
        parts: tuple[Part, ...] = (self.relay, self.timers, *self._extras)
        for part in parts:
            await part.start()
        if not await self._joined():
            self._joining = asyncio.create_task(self._join(), name="worker-join")
        self._review = asyncio.create_task(self._watch(), name="worker-watch")
        memory.settle(most_containers=_MOST_CONTAINERS)

    async def _joined(self) -> bool:
        """See what a predecessor left parked, then begin to consume; False if PostgreSQL or Kafka is not there."""
        try:
            self.processor.breaker.starting(await self._count(_OPEN))
            if self.consumer is not None:
                await self.consumer.start()
        except Exception as error:
            if not (is_transient(error) or isinstance(error, KafkaError)):
                raise
            _log.warning("worker_waits_for_servers", error=repr(error)[:500])
            return False
        return True

    async def _join(self) -> None:
        while not await self._joined():  # noqa: ASYNC110 - nobody could set an event when a server appears
            await asyncio.sleep(_JOIN_AGAIN_S)

    async def stop(self) -> None:
        """Stop taking work in, then stop the rest."""
        for task in (self._joining, self._review):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self.consumer is not None:
            await self.consumer.stop()
        parts: tuple[Part, ...] = (*reversed(self._extras), self.timers, self.relay)
        for part in parts:
            await part.stop()

    async def _count(self, sql: str) -> int:
        async with self._database.transaction() as uow:
            return int((await uow.fetch(sql))[0][0])

    async def _watch(self) -> None:
        tidied = time.monotonic()
        while True:
            if time.monotonic() - tidied > _TIDY_S:
                gc.collect()
                tidied = time.monotonic()
            try:
                parked = await self._count(_OPEN)
                self._metrics.parked.set(parked)
                self._metrics.waiting.set(await self._count(_WAITING))
                self._resume_if_settled(parked)
            except Exception as error:  # noqa: BLE001 - a figure less; the next look may succeed
                _log.warning("worker_watch", error=repr(error)[:500])
            await asyncio.sleep(1.0)

    def _resume_if_settled(self, parked: int) -> None:
        was_tripped = self.processor.breaker.tripped
        self.processor.breaker.review(parked)
        if was_tripped and not self.processor.breaker.tripped and self.consumer is not None:
            self.consumer.resume()

    async def _release_parked(self, uow: UnitOfWork) -> int:
        """One letter of every stream that may move, and one of those without a stream."""
        moved = 0
        for key in ("", *await dead_letters.streams(uow)):
            moved += await self.processor.release_parked(uow, key)
        return moved

    async def _take_up(self, uow: UnitOfWork) -> int:
        """A portion of the facts that waited for what is there by now; 0, so that one that waits again is not tried at once."""
        if names := await self._arrived(uow):
            await uow.release_oldest(names, most=_TAKEN_UP_AT_ONCE)
            await self.processor.run_released(uow)
        return 0

    async def consuming(self) -> bool:
        """Readiness: the consumer holds a place in its group and makes progress, and is not paused."""
        if self.consumer is None:
            return True
        return not self.processor.breaker.tripped and await self.consumer.alive()
