"""The commission service under load: its ratios, a hot partner, repeated deliveries, and the time from event to commit."""

import asyncio
import math
import multiprocessing
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from benchmarks import naive_handler, pipeline, reading, workers
from benchmarks.ground import Ground, Measure, Report, in_turn, percentile, until
from shared.chassis.events.incoming import Raw
from shared.chassis.ids import derived_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.settings import ServiceSettings
from shared.chassis.testing.records import Told, record
from shared.schemas.deals import Credit, DealClosed

REPEATS, REPEATED_EVENTS = 10, 10_000
ZIPF = 2.0
LOAD, LOAD_S, LATEST_COMMIT_MS = 0.7, 15.0, 100.0
_TICK_S = 0.01
_ENDLESS_PORTION = 100  # events


def skewed(deals: Sequence[DealClosed], *, seed: int = 2) -> list[DealClosed]:
    """The same deals, spread over their partners by Zipf's law: with exponent 2 the first has three fifths of them."""
    weights = list(accumulate(1 / rank**ZIPF for rank in range(1, pipeline.PARTNERS + 1)))
    chance = Random(seed)
    partners = [derived_id("bench partner", number) for number in range(pipeline.PARTNERS)]
    drawn = chance.choices(partners, cum_weights=weights, k=len(deals))
    return [_given_to(deal, partner) for deal, partner in zip(deals, drawn, strict=True)]


def _given_to(deal: DealClosed, partner: UUID) -> DealClosed:
    return deal.model_copy(update={"partner_id": partner, "credits": (Credit(partner_id=partner, share="1"),)})


async def repeated(ground: Ground, deals: Sequence[DealClosed], *, times: int) -> float:
    """Distinct events a second when each is delivered `times` times, from the first batch until every record is acknowledged."""
    prefix = await ground.topics()
    settings = await _settings(ground, prefix)
    watch = await asyncpg.connect(plain_dsn(settings.worker_url))
    try:
        async with workers.running(ground, settings) as running:
            with running.held():
                for _ in range(times):
                    await pipeline.publish(ground, prefix, deals)
            await workers.acknowledged(ground, settings, times * len(deals))
            ended = await watch.fetchval("select clock_timestamp()")
        started = await watch.fetchval("select min(claimed_at) from inbox")
        await pipeline.check_books(watch, deals)
        return float(len(deals) / (ended - started).total_seconds())
    finally:
        await watch.close()


async def _settings(ground: Ground, prefix: str) -> ServiceSettings:
    """Of the service on an emptied store, with nothing of it running."""
    template = await ground.service("commission", prefix=prefix)
    await template.stop()
    return template.platform.settings


@dataclass(frozen=True, slots=True)
class Flow:
    """Events that another process sent: how long each took from its hand-over to the producer until its commit, and all together."""

    latencies_ms: list[float]
    per_second: float


async def flow(ground: Ground, deals: Sequence[DealClosed], *, rate: float) -> Flow:
    """Send the deals at `rate` events a second from another process, to a worker that runs."""
    prefix = await ground.topics()
    settings = await _settings(ground, prefix)
    watch = await asyncpg.connect(plain_dsn(settings.worker_url))
    try:
        async with workers.running(ground, settings):
            warm, counted = deals[:200], deals[200:]
            await pipeline.publish(ground, prefix, warm)
            await until(lambda: _claimed(watch, len(warm)))
            sent = await asyncio.to_thread(_sent_by_another_process, ground.kafka.bootstrap, prefix, counted, rate)
            await until(lambda: _claimed(watch, len(deals)), every_s=0.5)  # each look counts the inbox
        rows = await watch.fetch("select event_id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 from inbox")
        await pipeline.check_books(watch, deals)
        done = {event_id: committed for event_id, committed in rows if event_id in sent}
        latencies = [1000 * (committed - sent[event_id]) for event_id, committed in done.items()]
        return Flow(latencies, len(done) / (max(done.values()) - min(sent.values())))
    finally:
        await watch.close()


async def _claimed(watch: asyncpg.Connection, count: int) -> bool:
    return bool(await watch.fetchval("select count(*) from inbox") == count)


def _sent_by_another_process(bootstrap: str, prefix: str, deals: Sequence[DealClosed], rate: float) -> dict[str, float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(send_steadily, (bootstrap, prefix, list(deals), rate))


def send_steadily(bootstrap: str, prefix: str, deals: Sequence[DealClosed], rate: float) -> dict[str, float]:
    """Send at `rate` a second whatever the consumer does (an open loop); returns the second of the epoch of each event's sending."""
    return asyncio.run(_steadily(bootstrap, prefix, deals, rate))


async def _steadily(bootstrap: str, prefix: str, deals: Sequence[DealClosed], rate: float) -> dict[str, float]:
    """Portion after portion, each laid ready before the first is sent: the sender's own work would take from the consumer's machine."""
    raws = [record(Told(deal), number=number, service="steady") for number, deal in enumerate(deals)]
    size = _ENDLESS_PORTION if rate == math.inf else max(1, round(rate * _TICK_S))
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, max_batch_size=1 << 18)
    await producer.start()
    sent: dict[str, float] = {}
    try:
        topic = prefix + DealClosed.topic
        partitions = sorted(await producer.partitions_for(topic))
        portions = [raws[start : start + size] for start in range(0, len(raws), size)]
        ready = [_laid_out(producer, portion, partitions) for portion in portions]
        started, answers = time.perf_counter(), []
        for number, (portion, batches) in enumerate(zip(portions, ready, strict=True)):
            await asyncio.sleep(max(0.0, number * size / rate - (time.perf_counter() - started)))
            sent |= dict.fromkeys(map(_inbox_id, portion), time.time())
            answers += [await producer.send_batch(batch, topic, partition=partition) for partition, batch in batches]
        await asyncio.gather(*answers)
    finally:
        await producer.stop()
    return sent


def _inbox_id(raw: Raw) -> str:
    return f"/hansa/steady#{dict(raw.headers)['ce_id'].decode()}"  # type: ignore[union-attr]


def _laid_out(producer: AIOKafkaProducer, portion: Sequence[Raw], partitions: list[int]) -> list[tuple[int, BatchBuilder]]:
    """A batch of records for each partition that the portion's keys lead to."""
    batches = defaultdict[int, BatchBuilder](producer.create_batch)
    choose = DefaultPartitioner()
    for raw in portion:
        taken = batches[choose(raw.key, partitions, partitions)].append(
            timestamp=None, key=raw.key, value=raw.value, headers=list(raw.headers)
        )
        assert taken is not None, "a portion for one partition is larger than a batch"
    for batch in batches.values():
        batch.close()
    return list(batches.items())


async def measure(ground: Ground, *, runs: int) -> list[Report]:
    """Ratios in turn; then, at 70 % of the median rate, the time to commit."""
    await _with_commit_times(ground)
    deals = pipeline.closes(pipeline.EVENTS)
    hot, few = skewed(deals), deals[:REPEATED_EVENTS]
    template = await ground.service("commission")
    await template.stop()
    mine, limit, peer, skew, once, tenfold, alone = await in_turn(
        [
            ("hansa", "events/s", lambda: pipeline.ours(ground, deals)),
            (pipeline.LIMIT, "events/s", lambda: pipeline.one_statement(ground, deals, template)),
            (pipeline.PEER, "events/s", lambda: naive_handler.run(ground, deals[: pipeline.NAIVE_EVENTS])),
            ("hansa, partners by Zipf 2.0", "events/s", lambda: pipeline.ours(ground, hot)),
            ("hansa, each event once", "events/s", lambda: repeated(ground, few, times=1)),
            ("hansa, each event ten times", "distinct events/s", lambda: repeated(ground, few, times=REPEATS)),
            ("the Kafka client alone, each event ten times", "distinct events/s", lambda: reading.read(ground, few, times=REPEATS)),
        ],
        runs=runs,
    )
    checked: dict[str, object] = {"checked": "every partner's balance equals the schedule of its revenue"}
    return [
        Report(
            "commission: deal.closed from Kafka to the committed ledger", mine, (limit, peer), {limit.name: 0.6, peer.name: 15.0}, checked
        ),
        Report("commission: one partner with three fifths of the deals", skew, (mine,), {mine.name: 0.8}, checked),
        Report("commission: ten deliveries of each event", tenfold, (once, alone), {once.name: 1 / 1.3}, checked),
        await _latency(ground, runs=runs),
    ]


async def _with_commit_times(ground: Ground) -> None:
    """PostgreSQL notes when each transaction committed (for everyone in this run alike)."""
    await ground.restart({"track_commit_timestamp": "on"})


async def _latency(ground: Ground, *, runs: int) -> Report:
    """The sender takes its part of the machine, so the maximum is that with a sender which never pauses."""
    deals = pipeline.closes(pipeline.EVENTS)
    most = statistics.median([(await flow(ground, deals, rate=math.inf)).per_second for _ in range(min(runs, 3))])
    rate = LOAD * most
    deals = pipeline.closes(int(rate * LOAD_S))
    found = [(await flow(ground, deals, rate=rate)).latencies_ms for _ in range(runs)]
    figure = Measure("p99 from event to commit", "ms", tuple(percentile(each, 0.99) for each in found))
    facts: dict[str, object] = {
        "rate": f"{rate:,.0f} events/s for {LOAD_S:.0f} s, {LOAD:.0%} of the {most:,.0f} that go through while a sender never pauses",
        "p50, ms": round(statistics.median(percentile(each, 0.5) for each in found), 1),
        "to reach": f"p99 within {LATEST_COMMIT_MS:.0f} ms",
    }
    return Report("commission: time from event to commit", figure, (), {}, facts, within=figure.median <= LATEST_COMMIT_MS)
