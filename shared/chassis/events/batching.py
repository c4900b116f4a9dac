"""Outbox rows to Kafka as whole batches of records, one partition at a time in their order: half the price of record by record."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

Answer = BaseException | None
"""What became of a row: None once the broker has it."""
_Place = tuple[str, int]  # topic and partition


class NotSent(KafkaError):  # type: ignore[misc]  # the library is not typed
    """A row stayed behind one that failed before it in its partition: it is not to blame, and goes again."""

    retriable = True


class _Batch:
    """Records of one partition, and the rows that they are."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._builder = producer.create_batch()
        self.rows: list[int] = []

    def add(self, row: int, **record: Any) -> bool:
        """False if it is full."""
        if self._builder.append(timestamp=None, **record) is None:
            return False
        self.rows.append(row)
        return True

    async def deliver(self, producer: AIOKafkaProducer, place: _Place) -> None:
        """Send it and wait for the broker. Raises KafkaError."""
        self._builder.close()
        await (await producer.send_batch(self._builder, place[0], partition=place[1]))


async def deliver(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record], *, prefix: str) -> list[Answer]:
    """Send the rows (`aggregatetype`, `aggregateid`, `payload`, `headers`); an answer for each.

    Partitions do not wait for each other. After a batch that failed nothing more is sent to its partition.
    """
    answers: list[Answer] = [None] * len(rows)
    batches: dict[_Place, list[_Batch]] = {}
    partitions: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        topic, key = prefix + row["aggregatetype"], row["aggregateid"].encode()
        try:
            if topic not in partitions:
                partitions[topic] = sorted(await producer.partitions_for(topic))
        except KafkaError as error:
            answers[number] = error
            continue
        filling = batches.setdefault((topic, partitions[topic][_hash(key) % len(partitions[topic])]), [])
        _add(producer, filling, number, row, key)
    await asyncio.gather(*[_in_order(producer, place, several, answers) for place, several in batches.items()])
    return answers


def _add(producer: AIOKafkaProducer, filling: list[_Batch], number: int, row: asyncpg.Record, key: bytes) -> None:
    record = {
        "key": key,
        "value": None if row["payload"] is None else row["payload"].encode(),
        "headers": [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()],
    }
    if not filling or not filling[-1].add(number, **record):
        filling.append(_Batch(producer))
        filling[-1].add(number, **record)  # a batch takes its first record whatever its size


async def _in_order(producer: AIOKafkaProducer, place: _Place, batches: Sequence[_Batch], answers: list[Answer]) -> None:
    failed = False
    for batch in batches:
        error: Answer = NotSent() if failed else None
        if not failed:
            try:
                await batch.deliver(producer, place)
            except KafkaError as refusal:
                error, failed = refusal, True
        for row in batch.rows:
            answers[row] = error


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    """Kafka's own choice for a key; it is worked out in Python, so that of a key seen lately is remembered."""
    positive: int = murmur2(key) & 0x7FFFFFFF
    return positive
