"""From the outbox to Kafka: one leader sends unpublished rows by id and marks them after the broker's answer.

A cursor `id > last` would lose a row that commits late or send it behind a later one of its key, an xid snapshot would invert one
key's order, two senders would reorder.
"""

import asyncio
import math
import time
from collections.abc import Sequence

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.chassis.database.engine import OUTBOX_CHANNEL
from shared.chassis.events.batching import Answer, NotSent, TopicUnknown, deliver
from shared.chassis.events.floor import Floor
from shared.chassis.failpoints import FailPoints
from shared.chassis.leadership import Leadership
from shared.chassis.settings import ServiceSettings
from shared.chassis.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)
_BATCH = 1_000
_SWEEP_S = 2.0
_RETRY_BLOCKED_S = 30.0
_PRUNE_S = 60.0
_REQUEST_TIMEOUT_MS = 40_000  # a killed broker answers again after 13 s

_UNSENT = """
select id, aggregatetype, aggregateid, payload, headers from outbox
where published_at is null and id > $1 and (aggregatetype, aggregateid) not in (select * from unnest($2::text[], $3::text[]))
order by id limit $4"""
_MARK = "update outbox set published_at = clock_timestamp() where id = any($1::bigint[])"
_PRUNE = """
delete from outbox where id in (select id from outbox where published_at < clock_timestamp() - make_interval(hours => $1) limit 10000)"""
_STATE = "select count(*), coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0) from outbox where published_at is null"


class Relay:
    """Publishes one service's outbox."""

    def __init__(self, url: str, settings: ServiceSettings, *, service: str, metrics: Metrics) -> None:
        self._settings = settings
        self._service = service
        self._metrics = metrics
        self._fail_points = FailPoints(settings.fail_points)
        self._leadership = Leadership(url, name=f"{service}-relay", lead=self._lead)
        self._woken = asyncio.Event()
        self._floor = Floor()
        self._highest = 0
        self._blocked: dict[tuple[str, str], float] = {}
        self._suspects: set[tuple[str, str]] = set()

    async def start(self) -> None:
        await self._leadership.start()

    async def stop(self) -> None:
        await self._leadership.stop()

    async def healthy(self) -> bool:
        """Red while the broker refuses a record: the events of its key are held back behind it."""
        return not self._blocked

    async def _lead(self, connection: asyncpg.Connection) -> None:
        await connection.add_listener(OUTBOX_CHANNEL, lambda *_: self._woken.set())
        self._floor, self._highest = Floor(), 0
        while True:
            producer = await self._producer()
            try:
                await self._publish_with(producer, connection)
            finally:
                await _closed(producer)

    async def _producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka.split(","),
            client_id=f"hansa-{self._service}-relay",
            acks="all",
            enable_idempotence=True,
            max_batch_size=262_144,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        try:
            await producer.start()
        except BaseException:
            await _closed(producer)
            raise
        return producer

    async def _publish_with(self, producer: AIOKafkaProducer, connection: asyncpg.Connection) -> None:
        """Send until a send fails: after a refused record an idempotent producer fails for ever, so it is given up."""
        sweep = prune = 0.0
        while True:
            self._woken.clear()
            if time.monotonic() >= sweep:
                sweep = time.monotonic() + _SWEEP_S
                await self._measure(connection)
                await self._floor.consider(connection, self._highest)
            rows = await self._unsent(connection)
            if rows and not await self._send(producer, connection, rows):
                return
            if not self._blocked:
                self._floor.settle(everything_sent_to=math.inf if len(rows) < _BATCH else self._highest)
            if len(rows) < _BATCH:
                await self._idle(connection, prune_due=time.monotonic() >= prune)
                prune = max(prune, time.monotonic() + _PRUNE_S) if time.monotonic() >= prune else prune

    async def _unsent(self, connection: asyncpg.Connection) -> list[asyncpg.Record]:
        """The oldest rows of one snapshot: of a key all that came before, since its writers come one after the other."""
        topics, keys = zip(*self._blocked, strict=True) if self._blocked else ((), ())
        rows: list[asyncpg.Record] = await connection.fetch(_UNSENT, self._floor.value, topics, keys, _BATCH)
        return rows

    async def _idle(self, connection: asyncpg.Connection, *, prune_due: bool) -> None:
        if prune_due:
            await connection.execute(_PRUNE, int(self._settings.outbox_keep_hours))
        self._unblock()
        try:
            await asyncio.wait_for(self._woken.wait(), timeout=self._settings.relay_poll_s)
        except TimeoutError:
            return

    async def _send(self, producer: AIOKafkaProducer, connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> bool:
        """Pipeline the rows, those of suspects one by one behind them. False if one failed."""
        alone = [[row] for row in rows if _key(row) in self._suspects]
        together = [row for row in rows if _key(row) not in self._suspects] if alone else rows
        for part in (together, *alone):
            if not await self._deliver(producer, connection, part):
                return False
        self._suspects.difference_update(_key(row) for [row] in alone)
        self._highest = max(self._highest, rows[-1]["id"])
        return True

    async def _deliver(self, producer: AIOKafkaProducer, connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> bool:
        """Send the rows and mark those that the broker has. False if one failed: nothing behind it on its key is marked."""
        sent, failed = _sent_in_order(rows, await deliver(producer, rows, prefix=self._settings.topic_prefix))
        self._fail_points.hit("relay.sent")
        if sent:
            await connection.execute(_MARK, sent)
            self._metrics.relay_sent.add(len(sent))
        for row, error in failed:
            self._hold_back(row, error, alone=len(rows) == 1)
        return not failed

    def _hold_back(self, row: asyncpg.Record, error: BaseException, *, alone: bool) -> None:
        """The broker refuses a request whole: who shared it is under suspicion, who was alone in it is to blame."""
        if isinstance(error, NotSent):
            return
        self._metrics.relay_failed.add()
        _log.error("relay_refused", outbox_id=row["id"], topic=row["aggregatetype"], error=repr(error)[:500])
        unknown = isinstance(error, TopicUnknown)  # nobody shared it: others go on, as behind any refused key
        if isinstance(error, KafkaError) and error.retriable and not unknown:
            return
        self._suspects.add(_key(row))
        if alone or unknown:
            self._blocked[_key(row)] = time.monotonic() + _RETRY_BLOCKED_S

    def _unblock(self) -> None:
        """Try refused keys again now and then, their oldest rows first: an operator may have raised the broker's limit."""
        now = time.monotonic()
        self._blocked = {key: until for key, until in self._blocked.items() if until > now}

    async def _measure(self, connection: asyncpg.Connection) -> None:
        pending, age = await connection.fetchrow(_STATE)
        self._metrics.outbox_pending.set(pending)
        self._metrics.outbox_age_seconds.set(float(age))


def _key(row: asyncpg.Record) -> tuple[str, str]:
    return row["aggregatetype"], row["aggregateid"]


def _sent_in_order(
    rows: Sequence[asyncpg.Record], answers: Sequence[Answer]
) -> tuple[list[int], list[tuple[asyncpg.Record, BaseException]]]:
    """The ids that may be marked and the first failure of each key; a row behind a failure of its key counts as not sent."""
    sent: list[int] = []
    failed: dict[tuple[str, str], tuple[asyncpg.Record, BaseException]] = {}
    for row, answer in zip(rows, answers, strict=True):
        key = _key(row)
        if key in failed:
            continue
        if isinstance(answer, BaseException):
            failed[key] = (row, answer)
        else:
            sent.append(row["id"])
    return sent, list(failed.values())


async def _closed(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), timeout=5)
    except (KafkaError, TimeoutError, asyncio.InvalidStateError) as error:
        _log.warning("producer_stop", error=repr(error))
