"""Acknowledging to Kafka behind the work: a batch that is committed does not hold up the next one by a round trip to the broker."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

_log = structlog.get_logger(__name__)
_TRY_AGAIN_S = 1.0
Ends = Mapping[TopicPartition, int]
"""For each partition the offset behind the last record that is through: where a reader would go on."""


class Acknowledgements:
    """What is committed and not yet acknowledged: one request at a time, with the newest offsets of all that waited for it.

    Losing some costs deliveries that the inbox recognises, and nothing else. Those of a former assignment are dropped: since
    then another member may have acknowledged more.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._waiting: dict[TopicPartition, int] = {}
        self._assignment: object = None
        self._task: asyncio.Task[None] | None = None

    def add(self, ends: Ends) -> None:
        """Acknowledge up to these offsets soon."""
        self._forget_former()
        self._waiting.update(ends)
        self._begin()

    async def settled(self, *, within_s: float) -> None:
        """Wait until the broker has been told of all that was added; what is not told by then is left."""
        self._begin()
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=within_s)

    async def close(self, *, within_s: float) -> None:
        """Tell what is left to tell, and end."""
        await self.settled(within_s=within_s)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self) -> None:
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._send(), name="acknowledgements")

    def _forget_former(self) -> None:
        subscription: Any = self._consumer._subscription.subscription  # noqa: SLF001 - there is no public name for "since the last rebalance"
        now = subscription and subscription.assignment
        if now is not self._assignment:
            self._assignment, self._waiting = now, {}

    async def _send(self) -> None:
        while self._waiting:
            ends, self._waiting = self._waiting, {}
            held = self._consumer.assignment()
            try:
                if ours := {partition: end for partition, end in ends.items() if partition in held}:
                    await self._consumer.commit(ours)
            except Exception as error:  # noqa: BLE001 - the library raises more than its own errors; nothing is lost but repeats
                _log.critical("not_acknowledged", partitions=len(ends), error=repr(error)[:500])
                self._waiting = {**ends, **self._waiting}
                await asyncio.sleep(_TRY_AGAIN_S)
            self._forget_former()
