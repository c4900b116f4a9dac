"""Producers that Hansa does not know may compress with any codec of Kafka's: no record of theirs stops or skips another."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.chassis.events.incoming import Raw
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from shared.chassis.values import replace
from tests.integration.chassis.test_consumer import Probe, suspended


class Name(str):
    """A header's name as other libraries send it: any bytes."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


async def _send_batch(stage: Stage, raws: Sequence[Raw]) -> None:
    """All in one batch, in partition 0."""
    producer = AIOKafkaProducer(bootstrap_servers=await stage.kafka())
    await producer.start()
    try:
        batch = producer.create_batch()
        batch._builder = _DefaultRecordBatchBuilderPy(
            magic=2, compression_type=0, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1, batch_size=2**20
        )
        for raw in raws:
            batch.append(key=raw.key, value=raw.value, timestamp=None, headers=list(raw.headers))
        await (await producer.send_batch(batch, stage.topic_prefix + raws[0].topic, partition=0))
    finally:
        await producer.stop()


async def _send_plain(stage: Stage, numbers: Iterable[int]) -> dict[int, bool]:
    """An event for each partner; returns which of them do not stand in partition 0."""
    producer = AIOKafkaProducer(bootstrap_servers=await stage.kafka())
    await producer.start()
    elsewhere = {}
    try:
        for number in numbers:
            raw = record(Told(suspended(number, "plain")), number=number)
            sent = await producer.send_and_wait(stage.topic_prefix + raw.topic, raw.value, key=raw.key, headers=list(raw.headers))
            elsewhere[number] = sent.partition != 0
    finally:
        await producer.stop()
    return elsewhere


async def test_a_record_that_the_client_cannot_read_when_it_comes_then_its_partition_stops_and_nothing_else_is_lost(
    stage: Stage,
) -> None:
    probe = Probe(stage)
    before = await _send_plain(stage, range(100, 140))
    story = [record(Told(suspended(n, "in the batch")), number=n) for n in range(30)]
    story[10] = replace(story[10], headers=(*story[10].headers, (Name("x"), b"1")))
    await _send_batch(stage, story)
    after = await _send_plain(stage, range(200, 240))
    worker = await probe.start()
    try:
        expected = sorted([*range(10), *before, *(number for number in after if after[number])])
        await eventually(lambda: _taken(probe, expected), what=f"{len(expected)} events")
        assert not await worker.consuming()
    finally:
        await worker.stop()


async def _taken(probe: Probe, expected: list[int]) -> bool:
    rows = await probe.rows("select payload::json->>'partner_id' from outbox")
    return sorted(UUID(str(row[0])).int for row in rows) == expected


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_a_compressed_record_when_it_comes_then_it_is_handled(stage: Stage, codec: str) -> None:
    probe = Probe(stage)
    producer = AIOKafkaProducer(bootstrap_servers=await stage.kafka(), compression_type=codec, linger_ms=50)
    await producer.start()
    try:
        raws = [record(Told(suspended(n, "compressed")), number=n) for n in range(30)]
        for raw in raws:
            await producer.send(stage.topic_prefix + raw.topic, raw.value, key=raw.key, headers=list(raw.headers))
    finally:
        await producer.stop()
    worker = await probe.start()
    try:
        await eventually(lambda: _taken(probe, [*range(30)]), what="30 events")
        assert await worker.consuming()
    finally:
        await worker.stop()
