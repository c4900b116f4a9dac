"""FastStream and aiokafka set up for money: every default that could lose or repeat an effect is overridden here, once."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.kafka.subscriber.usecase import LogicSubscriber
from faststream.message import StreamMessage

from shared.chassis.events.consumer import Paused, Processor
from shared.chassis.events.fetching import SafeConsumer
from shared.chassis.events.incoming import Raw
from shared.chassis.failpoints import FailPoints
from shared.chassis.settings import ServiceSettings
from shared.chassis.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)
_BRAKE_S = 1.0
_SETTLE_S = 2.0


class BatchMessage(KafkaAckableMessage):
    """Acknowledges just its own records, and rewinds partition by partition.

    The library's own commit takes every consumed position, and its rewind stops at the first partition that is no longer assigned.
    """

    raw_message: tuple[ConsumerRecord, ...]
    consumer: SafeConsumer

    async def ack(self) -> None:
        if self.committed:
            return
        ends = {(record.topic, record.partition): record.offset + 1 for record in self.raw_message}
        self.consumer.acknowledgements.add({TopicPartition(*place): end for place, end in ends.items()})
        await StreamMessage.ack(self)

    async def nack(self) -> None:
        if self.committed:
            return
        starts: dict[TopicPartition, int] = {}
        for record in self.raw_message:
            starts.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        held = self.consumer.assignment()
        for partition, start in starts.items():
            if partition in held:
                self.consumer.seek(partition, start)
        await StreamMessage.nack(self)


class Consumer:
    """One batch subscriber over all topics of a service (one per topic takes 24 s to start with eight topics)."""

    def __init__(self, settings: ServiceSettings, *, service: str, topics: Sequence[str], processor: Processor, metrics: Metrics) -> None:
        self._settings = settings
        self._processor = processor
        self._metrics = metrics
        self._fail_points = FailPoints(settings.fail_points)
        self.group = f"{settings.topic_prefix}hansa.{service}"
        self._service = service
        self._topics = tuple(topics)
        self._broker: KafkaBroker | None = None
        self._subscriber: LogicSubscriber[Any] | None = None
        self._last_poll = time.monotonic()
        self._at_work_on: int | None = None  # timestamps of Kafka, in milliseconds
        self._reached: int | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Join the group and begin to consume. Raises KafkaError when the broker is not there; it may be called again then."""
        broker, self._subscriber = self._connected()
        try:
            await broker.connect()
            _read_safely(broker)
            await broker.start()
        except BaseException:
            await broker.stop()
            raise
        self._broker = broker
        self._last_poll = time.monotonic()
        self._watch = asyncio.create_task(self._measure(), name="consumer-watch")

    async def stop(self) -> None:
        """Finish the batch under way, then leave the group."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._broker is not None:
            await self._broker.stop()
            self._broker = self._subscriber = None

    @property
    def kafka(self) -> SafeConsumer | None:
        """The client's consumer while it runs."""
        return cast("SafeConsumer | None", self._subscriber.consumer) if self._subscriber else None

    def _connected(self) -> tuple[KafkaBroker, LogicSubscriber[Any]]:
        """A client of its own for each start: one that failed to start is not used again."""
        settings = self._settings
        broker = KafkaBroker(
            settings.kafka.split(","),
            client_id=f"hansa-{self._service}",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            allow_auto_create_topics=False,
            graceful_timeout=30.0,
            acks="all",
            enable_idempotence=True,
            logger=None,
        )
        subscriber = broker.subscriber(
            *(f"{settings.topic_prefix}{topic}" for topic in self._topics),
            batch=True,
            group_id=self.group,
            auto_offset_reset="earliest",
            max_records=settings.batch_records,
            batch_timeout_ms=settings.batch_timeout_ms,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=max(settings.session_timeout_ms // 3, 500),
            max_poll_interval_ms=settings.max_poll_interval_ms,
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
            no_reply=True,
            listener=_Settling(self),
            parser=self._parse,
            decoder=_undecoded,
        )
        subscriber(self._handle)
        return broker, subscriber

    async def _parse(self, records: tuple[ConsumerRecord, ...]) -> BatchMessage:
        """Cannot fail: the library's parser throws on a null or non-UTF-8 header, and the batch would be skipped and committed."""
        first = records[0]
        return BatchMessage(
            body=b"", raw_message=records, message_id=f"{first.topic}-{first.partition}-{first.offset}", consumer=self.kafka
        )

    async def _handle(self, records: Any) -> None:
        self._last_poll = time.monotonic()
        self._at_work_on = min(record.timestamp for record in records)
        prefix = self._settings.topic_prefix
        raws = [Raw(r.topic.removeprefix(prefix), r.partition, r.offset, r.key, r.value, tuple(r.headers)) for r in records]
        try:
            await self._processor.process(raws)
        except Paused:
            self._pause()
            raise
        except Exception:
            await asyncio.sleep(_BRAKE_S)  # a rewound batch comes back at once, thousands of times a second
            raise
        self._at_work_on, self._reached = None, max(record.timestamp for record in records)
        self._fail_points.hit("consumer.committed")
        if self._processor.breaker.tripped:
            self._pause()

    def _pause(self) -> None:
        """Go on polling, so that the work does not move to the next replica and fail there."""
        if self.kafka is not None and self.kafka.assignment():
            self.kafka.pause(*self.kafka.assignment())
            self._metrics.paused.set(1)
            _log.error("consumer_paused", group=self.group)

    def resume(self) -> None:
        """Take records in again."""
        if self.kafka is not None and self.kafka.paused():
            self.kafka.resume(*self.kafka.paused())
            _log.warning("consumer_resumed", group=self.group)
        self._metrics.paused.set(0)

    async def alive(self) -> bool:
        """Whether this process holds a place in the group, can read its partitions and, where records wait, makes progress."""
        if self.kafka is None or getattr(self.kafka, "unreadable", None):
            return False
        lag = self._lag_records()
        stuck = lag > 0 and time.monotonic() - self._last_poll > self._settings.max_poll_interval_ms / 1000
        return not stuck

    def _lag_records(self) -> int:
        consumer = self.kafka
        if consumer is None:
            return 0
        lag = 0
        for partition in consumer.assignment():
            highwater = consumer.highwater(partition)
            position = consumer._subscription.subscription.assignment.state_value(partition)._position  # noqa: SLF001 - position() would wait
            if highwater is not None and position is not None:
                lag += max(highwater - position, 0)
        return lag

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            lag = self._lag_records()
            self._metrics.lag_records.set(lag)
            self._metrics.lag_seconds.set(self._lag_seconds(behind=lag > 0))

    def _lag_seconds(self, *, behind: bool) -> float:
        """Age of the oldest record of the batch under way, else of the last one handled while more wait, else 0."""
        since = self._at_work_on if self._at_work_on is not None else self._reached if behind else None
        return 0.0 if since is None else max(0.0, time.time() - since / 1000)


class _Settling(ConsumerRebalanceListener):  # type: ignore[misc]  # the library is not typed
    """Before partitions go to another member, acknowledges what is through: that one would get it again."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        if self._consumer.kafka is not None:
            await self._consumer.kafka.acknowledgements.settled(within_s=_SETTLE_S)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing to do."""


def _read_safely(broker: KafkaBroker) -> None:
    """Have subscribers made with a client that loses nothing beside a record that it cannot read."""
    library = broker.config.broker_config
    made_by: Any = library.builder
    library.builder = partial(SafeConsumer, **made_by.keywords)


async def _undecoded(message: StreamMessage[tuple[ConsumerRecord, ...]]) -> Any:
    return message.raw_message
