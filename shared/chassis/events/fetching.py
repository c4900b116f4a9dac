"""Kafka's client, made safe against records that it cannot read: they stop their own partition, and nothing read beside them is lost."""

import random
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, KafkaError, UnsupportedCodecError

from shared.chassis.events.acknowledging import Acknowledgements

_log = structlog.get_logger(__name__)
_WAIT_MS = 1_000
_SETTLE_S = 3.0
_Batches = dict[TopicPartition, list[ConsumerRecord]]
_Places = dict[TopicPartition, tuple[Any, int]]


class SafeConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # the library is not typed
    """`getmany` that skips nothing when it fails.

    When a record cannot be read (a codec that is not installed, a damaged batch, a header's name in other bytes than UTF-8), the
    library's own drops what it had taken out of other partitions by then, goes on behind it, and fails again for ever.
    """

    unreadable: frozenset[TopicPartition] = frozenset()
    """Partitions that stand at a record that cannot be read; a rebalance or a restart tries them again."""

    def __init__(self, *topics: str, **settings: Any) -> None:
        super().__init__(*topics, **settings)
        self.acknowledgements = Acknowledgements(self)

    async def stop(self) -> None:
        """As the library's, once what was committed is acknowledged."""
        await self.acknowledgements.close(within_s=_SETTLE_S)
        await super().stop()

    async def getmany(self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> _Batches:
        """As the library's. Raises KafkaError with every position where it was."""
        before = self._places()
        try:
            batches: _Batches = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
        except ConsumerStoppedError:
            raise
        except Exception as error:
            self._go_back(before)
            if not _is_of_a_record(error):
                raise
            return await self._find_unreadable(most=max_records or 1)
        return batches

    async def _find_unreadable(self, *, most: int) -> _Batches:
        """One partition's records up to the one that cannot be read; partitions in any order, so that each one's turn comes."""
        places = [*self._places().items()]
        random.shuffle(places)
        for partition, place in places:
            if found := await self._up_to_unreadable(partition, place, most=most):
                return {partition: found}
        return {}

    async def _up_to_unreadable(self, partition: TopicPartition, place: tuple[Any, int], *, most: int) -> list[ConsumerRecord]:
        found: list[ConsumerRecord] = []
        while len(found) < most and self._stands(partition, place):
            try:
                one = await super().getmany(partition, timeout_ms=_WAIT_MS, max_records=1)
            except Exception as error:
                if not _is_of_a_record(error):
                    self._go_back({partition: place})
                    raise
                self._stop_at(partition, found[-1].offset + 1 if found else place[1], error)
                break
            if partition not in one:
                break
            found += one[partition]
        return found

    def _stop_at(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        self.seek(partition, offset)
        self.pause(partition)
        self.unreadable |= {partition}
        _log.error("partition_unreadable", topic=partition.topic, partition=partition.partition, offset=offset, error=repr(error)[:500])

    def _places(self) -> _Places:
        """Where each partition that is not paused stands, with the client's state of it: after a rebalance that is another one."""
        subscription = self._subscription.subscription
        assignment = subscription.assignment if subscription else None
        states = {each: assignment.state_value(each) for each in assignment.tps - self.paused()} if assignment else {}
        self.unreadable &= self.paused()
        return {each: (state, state._position) for each, state in states.items() if state._position is not None}  # noqa: SLF001 - position() would wait

    def _stands(self, partition: TopicPartition, place: tuple[Any, int]) -> bool:
        now = self._places().get(partition)
        return now is not None and now[0] is place[0]

    def _go_back(self, before: _Places) -> None:
        for partition, place in before.items():
            if self._stands(partition, place):
                self.seek(partition, place[1])


def _is_of_a_record(error: Exception) -> bool:
    """Whether the fault lies in what was read; any other fault of Kafka's may pass."""
    return not isinstance(error, KafkaError) or isinstance(error, UnsupportedCodecError | CorruptRecordException)
