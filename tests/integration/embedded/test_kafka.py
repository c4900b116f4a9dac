"""Kafka out of the jars: what it promises about starting, crashing and coming back."""

import signal
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from hansa.embedded.kafka import Kafka


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    kafka = Kafka(tmp_path_factory.mktemp("broker"))
    kafka.start()
    yield kafka
    kafka.kill()


async def _topic(broker: Kafka, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()


async def _send(broker: Kafka, topic: str) -> int:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap, enable_idempotence=True, request_timeout_ms=30_000)
    await producer.start()
    try:
        offset: int = (await producer.send_and_wait(topic, b"x", key=b"k")).offset
        return offset
    finally:
        await producer.stop()


@pytest.mark.parametrize("how", ["stop", "kill", "not at all"])
async def test_broker_when_ended_then_records_and_the_port_are_there_again(broker: Kafka, how: str) -> None:
    topic, port = f"kept-{how.replace(' ', '-')}", broker.port
    await _topic(broker, topic)
    assert await _send(broker, topic) == 0
    {"stop": broker.stop, "kill": broker.kill, "not at all": lambda: None}[how]()
    broker.start()
    assert (broker.port, await _send(broker, topic)) == (port, 1)


def test_broker_when_an_orphan_runs_then_it_is_ended_in_order_before_the_next_starts(broker: Kafka) -> None:
    broker.start()
    orphan = broker._process._child
    assert orphan is not None
    Kafka(broker.folder).start()
    assert orphan.wait(timeout=5) in {0, 128 + signal.SIGTERM}  # Java's own code after its shutdown hooks; killed hard it is negative


async def test_broker_when_a_topic_is_unknown_then_it_is_not_made_on_first_use(broker: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics(["never-made"])
        assert described["error_code"] == UnknownTopicOrPartitionError.errno
        assert "never-made" not in await admin.list_topics()
    finally:
        await admin.close()
