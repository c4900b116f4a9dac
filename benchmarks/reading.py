"""What the Kafka client alone takes to read what was delivered: the least that any consumer written with it can do."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier, Event

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from benchmarks import pipeline, workers
from benchmarks.ground import Ground, quietly
from shared.chassis import loops
from shared.schemas.deals import DealClosed

_AT_ONCE = 4_000  # records
_ready: Barrier
_begin: Event


async def read(ground: Ground, deals: Sequence[DealClosed], *, times: int) -> float:
    """Distinct events a second when each was sent `times` times, and a process for each core reads its share for nothing."""
    prefix = await ground.topics()
    for _ in range(times):
        await pipeline.publish(ground, prefix, deals)
    topic = prefix + DealClosed.topic
    shares = await _shares(ground, topic)
    context = multiprocessing.get_context("spawn")
    ready, begin = context.Barrier(len(shares) + 1), context.Event()
    with context.Pool(len(shares), initializer=_prepared, initargs=(ready, begin)) as pool:
        ended = pool.starmap_async(_read_all, [(ground.kafka.bootstrap, topic, share) for share in shares])
        await asyncio.to_thread(ready.wait, 60)
        started = time.perf_counter()
        begin.set()
        counts = await asyncio.to_thread(ended.get)
        took = time.perf_counter() - started
    assert sum(counts) == times * len(deals), counts
    return len(deals) / took


async def _shares(ground: Ground, topic: str) -> list[list[int]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.kafka.bootstrap)
    await admin.start()
    try:
        (found,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    partitions = sorted(each["partition"] for each in found["partitions"])
    return [partitions[core :: workers.CORES] for core in range(workers.CORES)]


def _prepared(ready: Barrier, begin: Event) -> None:
    global _ready, _begin
    _ready, _begin = ready, begin
    quietly()


def _read_all(bootstrap: str, topic: str, partitions: list[int]) -> int:
    return loops.run(_consume(bootstrap, [TopicPartition(topic, number) for number in partitions]))


async def _consume(bootstrap: str, partitions: list[TopicPartition]) -> int:
    """With the settings of a service's own consumer."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed")
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        left = sum((await consumer.end_offsets(partitions)).values())
        count = 0
        await asyncio.to_thread(_ready.wait, 60)
        await asyncio.to_thread(_begin.wait, 60)
        while count < left:
            count += sum(map(len, (await consumer.getmany(timeout_ms=100, max_records=_AT_ONCE)).values()))
        return count
    finally:
        await consumer.stop()
