"""The live feed of the start page: the newest events and how many there are, read from Kafka while somebody looks."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.chassis.telemetry.logs import get_logger

_log = get_logger(__name__)
_RECENT = 60
_TAIL = 12
_BEHIND = 500
_COUNT_EVERY_S = 1.0
_IDLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as the page shows it: ids and times, never content."""

    topic: str
    subject: str
    source: str
    time: str
    partition: int
    offset: int


@dataclass
class Board:
    """What is known now: the newest facts (newest first) and how many records each topic holds."""

    recent: deque[Fact] = field(default_factory=lambda: deque(maxlen=_RECENT))
    counts: Counter[str] = field(default_factory=Counter)
    connected: bool = False

    @property
    def total(self) -> int:
        return self.counts.total()


class LiveFeed:
    """Reads the ends of `topics`. It joins no group, commits nothing, and rests when nobody has looked for a while."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self.board = Board()
        self._bootstrap = bootstrap
        self._topics = tuple(topics)
        self._listeners: set[asyncio.Queue[Fact]] = set()
        self._task: asyncio.Task[None] | None = None
        self._looked = 0.0
        self._reading = asyncio.Event()

    def look(self) -> None:
        """Somebody looks: make sure that it reads."""
        self._looked = asyncio.get_running_loop().time()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read(), name="live-feed")

    async def first_look(self, *, within_s: float = 2.0) -> None:
        """Wait a moment for the first reading, so that the page is not empty."""
        self.look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading.wait(), within_s)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Queue[Fact]]:
        """A queue that new facts come into; when the listener is slow, the oldest are dropped."""
        queue: asyncio.Queue[Fact] = asyncio.Queue(maxsize=200)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def _rests(self) -> bool:
        return not self._listeners and asyncio.get_running_loop().time() - self._looked > _IDLE_S

    async def _read(self) -> None:
        while not self._rests():
            try:
                async with self._consumer() as consumer:
                    await self._follow(consumer)
            except (KafkaError, OSError) as error:
                _log.warning("live_feed_interrupted", error=repr(error)[:200])
                await asyncio.sleep(1.0)
            finally:
                self.board.connected = False
                self._reading.clear()

    @contextlib.asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._bootstrap,
            client_id="hansa-start-page",
            enable_auto_commit=False,
            auto_offset_reset="latest",
        )
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        partitions = sorted(consumer.assignment())  # without a group: all of them
        ends = await self._count(consumer, partitions)
        for partition in partitions:
            consumer.seek(partition, max(ends[partition] - _TAIL, 0))
        self.board.recent.clear()  # an earlier reading saw some of these
        counted = asyncio.get_running_loop().time()
        first = True
        while not self._rests():
            batches = await consumer.getmany(timeout_ms=250, max_records=_BEHIND)
            self._take(sorted((r for batch in batches.values() for r in batch), key=lambda r: r.timestamp), quietly=first)
            first = first and bool(batches)
            self.board.connected = True
            self._reading.set()
            if asyncio.get_running_loop().time() - counted > _COUNT_EVERY_S:
                counted = asyncio.get_running_loop().time()
                ends = await self._count(consumer, partitions)
                for partition in partitions:  # a flood is counted, not shown in full
                    if ends[partition] - await consumer.position(partition) > _BEHIND:
                        consumer.seek(partition, ends[partition] - _TAIL)

    async def _count(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        counts: Counter[str] = Counter()
        for partition, end in ends.items():
            counts[partition.topic] += end
        self.board.counts = counts
        return ends

    def _take(self, records: Sequence[ConsumerRecord], *, quietly: bool) -> None:
        for record in records:
            fact = _fact(record)
            self.board.recent.appendleft(fact)
            for queue in () if quietly else self._listeners:
                if queue.full():
                    queue.get_nowait()
                queue.put_nowait(fact)


def _fact(record: ConsumerRecord) -> Fact:
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers if value is not None}
    when = datetime.fromtimestamp(record.timestamp / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
    source = headers.get("ce_source", "").rsplit("/", 1)[-1]
    return Fact(record.topic, headers.get("ce_subject", "")[:64], source[:32], when, record.partition, record.offset)


def as_json(fact: Fact) -> dict[str, object]:
    """What the page's script gets."""
    return asdict(fact)
