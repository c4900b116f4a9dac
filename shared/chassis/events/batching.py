"""Outbox rows to Kafka as whole batches of records, one partition at a time in their order: half the price of record by record."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

Answer = BaseException | None
"""What became of a row: None once the broker has it."""
_METADATA_S = 5.0  # the library waits for 40 s for a topic that is not there
_Place = tuple[str, int]  # topic and partition


class NotSent(KafkaError):  # type: ignore[misc]  # the library is not typed
    """A row stayed behind one that failed before it: it is not to blame, and goes again."""

    retriable = True


class TopicUnknown(KafkaError):  # type: ignore[misc]
    """The broker did not name the topic's partitions in time; the topic may be made meanwhile."""

    retriable = True


class _Batch:
    """Records of one partition, and the rows that they are."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._builder = producer.create_batch()
        self.rows: list[int] = []

    def add(self, row: int, record: Mapping[str, Any]) -> bool:
        """False if it is full; the first record is taken whatever its size, and the broker judges it."""
        if self._builder.append(timestamp=None, **record) is None:
            return False
        self.rows.append(row)
        return True

    async def send(self, producer: AIOKafkaProducer, place: _Place) -> None:
        """Send it and wait for the broker. Raises KafkaError."""
        self._builder.close()
        await (await producer.send_batch(self._builder, place[0], partition=place[1]))


async def deliver(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record], *, prefix: str) -> list[Answer]:
    """Send the rows (`aggregatetype`, `aggregateid`, `payload`, `headers`); an answer for each.

    Partitions do not wait for each other. Behind a row that cannot be sent nothing of its key is, and nothing of its partition
    behind a batch that failed.
    """
    answers: list[Answer] = [NotSent() for _ in rows]
    topics = await _partitions(producer, dict.fromkeys(prefix + row["aggregatetype"] for row in rows))
    batches: dict[_Place, list[_Batch]] = {}
    faulty: set[tuple[str, str]] = set()
    for number, row in enumerate(rows):
        topic, key = prefix + row["aggregatetype"], row["aggregateid"]
        partitions = topics[topic]
        if isinstance(partitions, KafkaError) or (topic, key) in faulty:
            answers[number] = partitions if isinstance(partitions, KafkaError) else NotSent()
            continue
        try:
            record = _record(row)
        except (ValueError, AttributeError, TypeError) as fault:  # written by hand: what `emit` writes can be read
            answers[number] = fault
            faulty.add((topic, key))
            continue
        _add(producer, batches.setdefault((topic, partitions[_hash(record["key"]) % len(partitions)]), []), number, record)
    await asyncio.gather(*[_in_order(producer, place, several, answers) for place, several in batches.items()])
    return answers


async def _partitions(producer: AIOKafkaProducer, topics: Iterable[str]) -> dict[str, list[int] | KafkaError]:
    """Asked once for each topic, and for all rows of it alike: if some went out and others did not, a key's order would turn."""
    wanted = list(topics)
    return dict(zip(wanted, await asyncio.gather(*[_of_topic(producer, topic) for topic in wanted]), strict=True))


async def _of_topic(producer: AIOKafkaProducer, topic: str) -> list[int] | KafkaError:
    try:
        return sorted(await asyncio.wait_for(producer.partitions_for(topic), timeout=_METADATA_S))
    except TimeoutError:
        return TopicUnknown(topic)
    except KafkaError as error:
        return error


def _record(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "key": row["aggregateid"].encode(),
        "value": None if row["payload"] is None else row["payload"].encode(),
        "headers": [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()],
    }


def _add(producer: AIOKafkaProducer, filling: list[_Batch], number: int, record: Mapping[str, Any]) -> None:
    if not filling or not filling[-1].add(number, record):
        filling.append(_Batch(producer))
        if not filling[-1].add(number, record):
            raise RuntimeError("an empty batch took no record")


async def _in_order(producer: AIOKafkaProducer, place: _Place, batches: Sequence[_Batch], answers: list[Answer]) -> None:
    """Batch by batch; what is behind a failure keeps the answer that it was not sent."""
    for batch in batches:
        try:
            await batch.send(producer, place)
        except (KafkaError, AssertionError) as refusal:  # AssertionError: a partition that the topic does not have any more
            for row in batch.rows:
                answers[row] = refusal
            return
        for row in batch.rows:
            answers[row] = None


@lru_cache(maxsize=65_536)
def _hash(key: bytes) -> int:
    """Kafka's own choice for a key; it is worked out in Python, so that of a key seen lately is remembered."""
    positive: int = murmur2(key) & 0x7FFFFFFF
    return positive
