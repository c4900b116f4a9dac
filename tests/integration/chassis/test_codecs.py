"""Producers that Hansa does not know may compress with any codec of Kafka's: no record of theirs stops or skips another."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.chassis.events.incoming import Raw
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.chassis.test_consumer import Probe, suspended

_PRIMES = 2654435761, 2246822519, 3266489917, 668265263, 374761393


def _xxh32(data: bytes) -> int:
    """The checksum of LZ4's frame header, for fewer than 4 bytes."""
    mask = 0xFFFFFFFF
    total = _PRIMES[4] + len(data)
    for byte in data:
        total = total + byte * _PRIMES[4] & mask
        total = (total << 11 | total >> 21) & mask
        total = total * _PRIMES[0] & mask
    for shift, factor in ((15, _PRIMES[1]), (13, _PRIMES[2])):
        total = (total ^ total >> shift) * factor & mask
    return total ^ total >> 16


def lz4_frame(data: object) -> bytes:
    """A frame of one block that is stored as it is: valid LZ4 without a library."""
    body = bytes(data)  # type: ignore[call-overload]
    settings = b"\x60\x70"
    checksum = bytes([_xxh32(settings) >> 8 & 0xFF])
    return b"\x04\x22\x4d\x18" + settings + checksum + struct.pack("<I", len(body) | 0x80000000) + body + b"\0\0\0\0"


class _Stored(_DefaultRecordBatchBuilderPy):
    """A batch that says it is compressed with LZ4, and is."""

    def _maybe_compress(self) -> bool:
        header = self.HEADER_STRUCT.size
        self._buffer[header:] = lz4_frame(self._buffer[header:])
        return True


class Name(str):
    """A header's name as other libraries send it: any bytes."""

    def encode(self, *_: object) -> bytes:
        return b"\xff\xfe"


async def _send(stage: Stage, raws: Sequence[Raw], *, builder: type[_DefaultRecordBatchBuilderPy], codec: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=await stage.kafka())
    await producer.start()
    try:
        batch = producer.create_batch()
        batch._builder = builder(
            magic=2, compression_type=codec, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1, batch_size=2**20
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


async def _send_unreadable(stage: Stage, kind: str) -> list[int]:
    """A batch in partition 0 of which the client can read nothing, or the first ten alone; returns which those are."""
    story = [record(Told(suspended(n, "in the batch")), number=n) for n in range(30)]
    if kind == "codec":
        await _send(stage, story, builder=_Stored, codec=_Stored.CODEC_LZ4)
        return []
    story[10] = replace(story[10], headers=(*story[10].headers, (Name("x"), b"1")))
    await _send(stage, story, builder=_DefaultRecordBatchBuilderPy, codec=0)
    return [*range(10)]


@pytest.mark.parametrize("kind", ["codec", "header_name"])
async def test_a_record_that_the_client_cannot_read_when_it_comes_then_its_partition_stops_and_nothing_else_is_lost(
    stage: Stage, kind: str
) -> None:
    probe = Probe(stage)
    wire = await stage.wire()
    await wire.configure("partner.suspended", {"compression.type": "producer"})
    before = await _send_plain(stage, range(100, 140))
    readable = await _send_unreadable(stage, kind)
    after = await _send_plain(stage, range(200, 240))
    worker = await probe.start()
    try:
        expected = sorted([*readable, *before, *(number for number in after if after[number])])
        await eventually(lambda: _taken(probe, expected), what=f"{len(expected)} events")
        assert not await worker.consuming()
    finally:
        await worker.stop()


async def _taken(probe: Probe, expected: list[int]) -> bool:
    rows = await probe.rows("select payload::json->>'partner_id' from outbox")
    return sorted(UUID(str(row[0])).int for row in rows) == expected


async def test_a_compressed_record_when_sent_to_a_topic_of_ours_then_it_is_handled(stage: Stage) -> None:
    """The broker unpacks for us what our client has no library for."""
    probe = Probe(stage)
    await _send_unreadable(stage, "codec")
    worker = await probe.start()
    try:
        await eventually(lambda: _taken(probe, [*range(30)]), what="30 events")
        assert await worker.consuming()
    finally:
        await worker.stop()
