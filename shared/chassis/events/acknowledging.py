"""Acknowledging to Kafka behind the work: a batch that is committed does not hold up the next one by a round trip to the broker."""

import asyncio
from collections.abc import Mapping

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

_log = structlog.get_logger(__name__)
Ends = Mapping[TopicPartition, int]


class Acknowledgements:
    """What is committed and not yet acknowledged: one request at a time, with the newest offsets of all that waited for it.

    Losing some costs a delivery that the inbox recognises, and nothing else; so a request that fails is told of and given up.
    """

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self._waiting: dict[TopicPartition, int] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, ends: Ends) -> None:
        """Acknowledge up to these offsets soon."""
        self._waiting.update(ends)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send(), name="acknowledgements")

    async def settled(self, *, within_s: float) -> None:
        """Wait until the broker has been told of all that was added, or the time is over."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within_s)

    async def _send(self) -> None:
        while self._waiting:
            ends, self._waiting = self._waiting, {}
            held = self._consumer.assignment()
            try:
                if ours := {partition: end for partition, end in ends.items() if partition in held}:
                    await self._consumer.commit(ours)
            except KafkaError as error:
                _log.warning("not_acknowledged", partitions=len(ends), error=repr(error)[:500])
