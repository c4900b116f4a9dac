"""Outbox to Kafka: the relay against the bare producer with the same records, and against a row-by-row relay."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer

from benchmarks.ground import Ground, Report, in_turn, until
from benchmarks.pipeline import closes
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service

ROWS, NAIVE_ROWS = 20_000, 1_000


async def _filled(ground: Ground, count: int) -> tuple[Service, str]:
    """A registration service whose outbox holds `count` closed deals, not yet sent."""
    prefix = await ground.topics()
    service = await ground.service("registration", prefix=prefix)
    deals = closes(count)
    for start in range(0, count, 1_000):
        async with service.platform.worker_database.transaction() as uow:
            for deal in deals[start : start + 1_000]:
                uow.emit(deal, sequence=1)
    return service, prefix


async def ours(ground: Ground) -> float:
    """Rows a second, from the first mark to the last."""
    service, _ = await _filled(ground, ROWS)
    watch = await asyncpg.connect(plain_dsn(service.platform.settings.worker_url))
    try:
        started = datetime.now(UTC)
        await service.worker.relay.start()

        async def sent() -> bool:
            return not await watch.fetchval("select exists (select 1 from outbox where published_at is null)")

        await until(sent)
        first, last = await watch.fetchrow("select min(published_at), max(published_at) from outbox")
        assert first > started
        # the first batch was under way before its mark: count from the first mark, without that batch
        counted = await watch.fetchval("select count(*) from outbox where published_at > $1", first)
        return float(counted / (last - first).total_seconds())
    finally:
        await watch.close()
        await service.worker.relay.stop()
        await service.stop()


async def producer_alone(ground: Ground) -> float:
    """Records a second of a bare idempotent producer that sends the same records from memory."""
    service, prefix = await _filled(ground, ROWS)
    connection = await asyncpg.connect(plain_dsn(service.platform.settings.worker_url))
    rows = await connection.fetch("select aggregatetype, aggregateid, payload, headers from outbox order by id")
    await connection.close()
    await service.stop()
    records = [_encoded(prefix, row) for row in rows]
    producer = AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, enable_idempotence=True, linger_ms=2, max_batch_size=262_144)
    await producer.start()
    try:
        started = time.perf_counter()
        answers = [await producer.send(topic, body, key=key, headers=headers) for topic, key, body, headers in records]
        await asyncio.gather(*answers)
        return len(records) / (time.perf_counter() - started)
    finally:
        await producer.stop()


def _encoded(prefix: str, row: asyncpg.Record) -> tuple[str, bytes, bytes, list[tuple[str, bytes]]]:
    headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"]).items()]
    return prefix + row["aggregatetype"], row["aggregateid"].encode(), row["payload"].encode(), headers


async def row_by_row(ground: Ground) -> float:
    """Rows a second of the obvious relay: take one, send and wait, mark, commit."""
    service, prefix = await _filled(ground, NAIVE_ROWS)
    connection = await asyncpg.connect(plain_dsn(service.platform.settings.worker_url))
    producer = AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        started = time.perf_counter()
        sent: list[UUID] = []
        while row := await connection.fetchrow("select * from outbox where published_at is null order by id limit 1"):
            topic, key, body, headers = _encoded(prefix, row)
            await producer.send_and_wait(topic, body, key=key, headers=headers)
            await connection.execute("update outbox set published_at = now() where id = $1", row["id"])
            sent.append(row["event_id"])
        assert len(set(sent)) == NAIVE_ROWS
        return NAIVE_ROWS / (time.perf_counter() - started)
    finally:
        await producer.stop()
        await connection.close()
        await service.stop()


async def measure(ground: Ground, *, runs: int) -> Report:
    """The three contenders in turn."""
    mine, limit, peer = await in_turn(
        [
            ("hansa", "records/s", lambda: ours(ground)),
            ("bare idempotent producer from memory, record by record", "records/s", lambda: producer_alone(ground)),
            ("row-by-row relay", "records/s", lambda: row_by_row(ground)),
        ],
        runs=runs,
    )
    return Report("relay: outbox to Kafka", mine, (limit, peer), targets={limit.name: 0.3}, facts={"rows": ROWS})
