"""Kafka as an outsider sees it: raw records in and out of one test's topics."""

import asyncio
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.chassis.testing.waiting import eventually

Headers = Sequence[tuple[str, bytes | None]]


class Wire:
    """Reads and writes records of the topics under `prefix`; topics are named without it."""

    def __init__(self, bootstrap: str, *, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix

    async def send(self, topic: str, value: bytes | None, *, key: bytes | None = None, headers: Headers = ()) -> None:
        """Publish one record and wait until the broker has it."""
        await self.send_all([(topic, key, value, headers)])

    async def send_all(self, records: Sequence[tuple[str, bytes | None, bytes | None, Headers]]) -> None:
        """Publish (topic, key, value, headers) in this order and wait until the broker has them all."""
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, enable_idempotence=True, max_request_size=4_194_304)
        await producer.start()
        try:
            sent = [
                await producer.send(self.prefix + topic, value, key=key, headers=list(headers)) for topic, key, value, headers in records
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def create(self, topic: str, *, partitions: int = 6) -> None:
        """Make a topic that is not in the register; whoever asks knows its partitions when this returns."""

        async def known() -> bool:
            return len(await self._partitions([topic])) == partitions

        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(self.prefix + topic, partitions, 1)])
            await eventually(known, what="the topic's partitions")
        finally:
            await admin.close()

    async def configure(self, topic: str, settings: dict[str, str]) -> None:
        """Give a topic other settings, as its operator would; the broker has them when this returns."""
        resource = ConfigResource(ConfigResourceType.TOPIC, self.prefix + topic, configs=settings)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.alter_configs([resource])
            found: dict[str, str] = {}
            while not settings.items() <= found.items():
                answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, self.prefix + topic)])
                found = {entry[0]: entry[1] for answer in answers for entry in answer.resources[0][4]}
        finally:
            await admin.close()

    async def read(self, *topics: str) -> list[ConsumerRecord]:
        """Every record that stands in the topics now, in order per partition."""
        return await self._consume(topics, lambda _: False, within_s=0)

    async def read_until(self, *topics: str, enough: Callable[[list[ConsumerRecord]], bool], within_s: float = 30) -> list[ConsumerRecord]:
        """Records from the start, as soon as `enough` of them are there. Raises AssertionError at the deadline."""
        return await self._consume(topics, enough, within_s=within_s)

    async def _consume(
        self, topics: Sequence[str], enough: Callable[[list[ConsumerRecord]], bool], *, within_s: float
    ) -> list[ConsumerRecord]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
        await consumer.start()
        try:
            partitions = await self._partitions(topics)
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            records: list[ConsumerRecord] = []
            deadline = asyncio.get_running_loop().time() + within_s
            while not enough(records):
                if within_s == 0 and [await consumer.position(each) for each in partitions] >= [ends[each] for each in partitions]:
                    break
                if within_s and asyncio.get_running_loop().time() > deadline:
                    raise AssertionError(f"only {len(records)} records came to {', '.join(topics)} within {within_s} s")
                for batch in (await consumer.getmany(timeout_ms=50)).values():
                    records.extend(batch)
            return records
        finally:
            await consumer.stop()

    async def _partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            found = await admin.describe_topics([self.prefix + topic for topic in topics])
        finally:
            await admin.close()
        return [TopicPartition(topic["topic"], p["partition"]) for topic in found for p in topic["partitions"]]
