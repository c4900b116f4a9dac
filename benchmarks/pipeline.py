"""deal.closed from Kafka to the committed ledger, against one SQL statement per 500 events and against a naive handler."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer

from benchmarks import naive_handler, workers
from benchmarks.ground import Ground, Report, in_turn, until
from shared.chassis.database.migrating import upgrade
from shared.chassis.ids import derived_id, new_id, new_id_text
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service
from shared.chassis.testing.records import Told, record, with_header
from shared.schemas.base import MoneyAmount
from shared.schemas.deals import Credit, DealClosed, DealLine, Outcome

EVENTS, PARTNERS, NAIVE_EVENTS, BATCH = 40_000, 500, 1_000, 500
LIMIT, PEER = "one SQL statement per 500 events, on one connection", "FastStream handler with ORM, one message a transaction"
# Recent, so that no hold ends during the run: releasing is work that the others do not do. One year, so that one schedule checks it.
_NOW = datetime.now(UTC)
_START = max(datetime(_NOW.year, 1, 1, tzinfo=UTC), _NOW - timedelta(days=8))


def closes(count: int, *, start: int = 0) -> list[DealClosed]:
    """Won deals of two lines, spread over partners and one year: the deals numbered from `start`, always the same ones."""
    chance = Random(start)
    return [_close(number, chance) for number in range(start, start + count)]


def _close(number: int, chance: Random) -> DealClosed:
    partner = derived_id("bench partner", chance.randrange(PARTNERS))
    closed = _START + timedelta(minutes=number % 11_000)
    first, second = chance.randrange(100_00, 20_000_00), chance.randrange(100_00, 5_000_00)
    return DealClosed(
        occurred_at=closed,
        recorded_at=closed,
        deal_id=derived_id("bench deal", number),
        partner_id=partner,
        closed_at=closed,
        amount=MoneyAmount(amount_minor=first + second, currency="USD"),
        lines=(
            DealLine(line_id="1", product="GTX Pro", family="GTX", amount_minor=first),
            DealLine(line_id="2", product="MG Special", family="MG", amount_minor=second),
        ),
        credits=(Credit(partner_id=partner, share="1"),),
        territory="EMEA",
        country="DE",
        outcome=Outcome.WON,
    )


async def publish(ground: Ground, prefix: str, deals: Sequence[DealClosed], *, start: int = 0, fresh: bool = False) -> None:
    """Put the deals on `deal.closed`, as registration would; their events are numbered from `start`, or (`fresh`) named as new ones are."""
    producer = AIOKafkaProducer(bootstrap_servers=ground.kafka.bootstrap, enable_idempotence=True, linger_ms=5)
    await producer.start()
    try:
        raws = [record(Told(deal), number=number, service="registration") for number, deal in enumerate(deals, start)]
        if fresh:
            raws = [with_header(raw, "ce_id", new_id_text().encode()) for raw in raws]
        await asyncio.gather(*[await producer.send(prefix + r.topic, r.value, key=r.key, headers=list(r.headers)) for r in raws])
    finally:
        await producer.stop()


async def ours(ground: Ground, deals: Sequence[DealClosed]) -> float:
    """Events a second, from the first batch to the last commit, of a worker for each core; their relay works beside it as it would."""
    prefix = await ground.topics()
    template = await ground.service("commission", prefix=prefix)
    await template.stop()
    settings = template.platform.settings
    watch = await asyncpg.connect(plain_dsn(settings.worker_url))
    try:
        async with workers.running(ground, settings) as running:
            with running.held():
                await publish(ground, prefix, deals)

            async def through() -> bool:
                return bool(await watch.fetchval("select count(*) from inbox") == len(deals))

            await until(through, every_s=0.5)  # each look counts the inbox: not often beside what is measured
            first, last = await watch.fetchrow("select min(claimed_at), max(claimed_at) from inbox")
            ended = await watch.fetchval("select max(created_at) from outbox")
            await check_books(watch, deals)
        return float(len(deals) / (max(last, ended) - first).total_seconds())
    finally:
        await watch.close()


async def check_books(connection: asyncpg.Connection, deals: Sequence[DealClosed]) -> None:
    """Raise AssertionError unless the balance of every partner in the deals is the schedule of its revenue."""
    revenue: Counter[UUID] = Counter()
    for deal in deals:
        revenue[deal.partner_id] += deal.amount.amount_minor
    await check_balances(connection, revenue)


async def check_balances(connection: asyncpg.Connection, revenue: Mapping[UUID, int]) -> None:
    """Raise AssertionError unless each partner's balance is the schedule of its revenue, in minor units."""
    rows = await connection.fetch(_BALANCES, [*revenue])
    assert {row[0]: row[1] for row in rows} == {partner: naive_handler.schedule(sold) for partner, sold in revenue.items()}


_BALANCES = "select partner_id, sum(held_minor + payable_minor)::bigint from balances where partner_id = any($1) group by 1"
_STATEMENT = """
with e as (
  select *, amount + coalesce(p.sum, 0) as upto from (
    select r.*, sum(amount) over (partition by partner order by n) - amount as before
    from unnest($1::text[], $2::bytea[], $3::uuid[], $4::uuid[], $5::bigint[], $6::timestamptz[], $7::text[], $8::text[], $9::uuid[],
                $10::uuid[], $11::uuid[]) with ordinality
         as r(event_id, body_hash, partner, deal, amount, closed_at, body, headers, entry, transfer, out_id, n)) r
  left join lateral (select sum(revenue_minor) from positions where partner_id = r.partner) p on true),
c as (
  select *, schedule(before + coalesce(sum, 0) + amount) - schedule(before + coalesce(sum, 0)) as commission from e),
inboxed as (insert into inbox (event_id, body_hash, topic, partition, "offset") select event_id, body_hash, 'deal.closed', 0, n from c
  order by event_id on conflict do nothing returning event_id),
streamed as (insert into streams (partner_id, posted) select partner, count(*) from c group by partner order by partner
  on conflict (partner_id) do update set posted = streams.posted + excluded.posted returning 1),
journaled as (insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)
  select c.partner, coalesce(s.posted, 0) + row_number() over (partition by c.partner order by n), true, event_id, 'closed', 1,
    body::jsonb, now()
  from c left join streams s on s.partner_id = c.partner returning 1),
dealt as (insert into deals (deal_id, partner_id, close_number, standing, revision, sale)
  select deal, partner, 1, 'won', 0, body::jsonb from c returning 1),
entered as (insert into entries (id, partner_id, deal_id, close_number, fact_id, kind, amount_minor, revenue_minor, currency, plan_version,
    rule, month, closed_at, release_at, reason, derivation, recorded_at, due_at)
  select entry, partner, deal, 1, event_id, 'accrual', commission, amount, 'USD', 1, 'brackets', date_trunc('month', closed_at), closed_at,
    closed_at + interval '30 days', '', body::jsonb, now(), closed_at + interval '30 days' from c returning 1),
moved as (insert into transfers (id, entry_id, partner_id, source, target, amount_minor, currency, recorded_at)
  select transfer, entry, partner, 'programme:expense', 'partner:held', commission, 'USD', now() from c where commission > 0 returning 1),
positioned as (insert into positions (partner_id, month, revenue_minor) select partner, date_trunc('month', closed_at)::date, sum(amount)
  from c group by 1, 2 order by 1, 2
  on conflict (partner_id, month) do update set revenue_minor = positions.revenue_minor + excluded.revenue_minor returning 1),
balanced as (insert into balances (partner_id, currency, held_minor, payable_minor) select partner, 'USD', sum(commission), 0 from c
  group by 1 order by 1
  on conflict (partner_id, currency) do update set held_minor = balances.held_minor + excluded.held_minor returning 1)
insert into outbox (event_id, aggregatetype, aggregateid, type, payload, headers)
select out_id, 'commission.accrued', partner::text, 'hansa.commission.accrued.v1', left(body, 420), headers from c order by n
"""
_SCHEDULE = """
create or replace function schedule(revenue numeric) returns bigint immutable language sql as $$
select round(0.15 * least(revenue, 10000000)
  + 0.20 * least(greatest(revenue - 10000000, 0), 40000000) + 0.25 * greatest(revenue - 50000000, 0))::bigint $$"""


async def one_statement(ground: Ground, deals: Sequence[DealClosed], template: Service, *, connections: int = 1) -> float:
    """Events a second of one hand-written statement per 500 events that writes the same rows; nothing is decoded or decided in Python.

    With several connections each has partners of its own.
    """
    roles = await ground.roles("bench_limit")
    await upgrade(roles.migrator_url, template.migrations)
    owner = await asyncpg.connect(plain_dsn(roles.migrator_url))
    await owner.execute(_SCHEDULE)
    await owner.close()
    lanes = [[deal for deal in deals if deal.partner_id.int % connections == lane] for lane in range(connections)]
    prepared = [_portions(lane, sum(map(len, lanes[:number]))) for number, lane in enumerate(lanes)]
    opened = [await asyncpg.connect(plain_dsn(roles.worker_url), server_settings={"jit": "off"}) for _ in lanes]
    try:
        started = time.perf_counter()
        await asyncio.gather(*[_each(connection, portions) for connection, portions in zip(opened, prepared, strict=True)])
        took = time.perf_counter() - started
        assert await opened[0].fetchval("select count(*) from entries") == len(deals)
        await check_books(opened[0], deals)
        return len(deals) / took
    finally:
        for connection in opened:
            await connection.close()


async def _each(connection: asyncpg.Connection, portions: Sequence[list[list[object]]]) -> None:
    for columns in portions:
        await connection.execute(_STATEMENT, *columns)


def _portions(deals: Sequence[DealClosed], first: int) -> list[list[list[object]]]:
    return [_columns(deals[start : start + BATCH], first + start) for start in range(0, len(deals), BATCH)]


def _columns(deals: Sequence[DealClosed], start: int) -> list[list[object]]:
    rows = []
    for number, deal in enumerate(deals, start):
        raw = record(Told(deal), number=number, service="registration")
        headers = "{" + ",".join(f'"{name}":"{(value or b"").decode()}"' for name, value in raw.headers) + "}"
        body = (raw.value or b"").decode()
        digest = hashlib.sha256(raw.value or b"").digest()
        ids = (new_id(), new_id(), new_id())
        rows.append(
            (
                f"/hansa/registration#{number}",
                digest,
                deal.partner_id,
                deal.deal_id,
                deal.amount.amount_minor,
                deal.closed_at,
                body,
                headers,
                *ids,
            )
        )
    return [list(column) for column in zip(*rows, strict=True)]


async def measure(ground: Ground, *, runs: int) -> Report:
    """The three contenders in turn."""
    deals = closes(EVENTS)
    template = await ground.service("commission")
    await template.stop()
    few = deals[:NAIVE_EVENTS]
    mine, limit, each_core, peer = await in_turn(
        [
            ("hansa", "events/s", lambda: ours(ground, deals)),
            (LIMIT, "events/s", lambda: one_statement(ground, deals, template)),
            (
                "the same on a connection for each core",
                "events/s",
                lambda: one_statement(ground, deals, template, connections=workers.CORES),
            ),
            (PEER, "events/s", lambda: naive_handler.run(ground, few)),
        ],
        runs=runs,
    )
    return Report(
        "pipeline: deal.closed from Kafka to the committed ledger",
        mine,
        (limit, each_core, peer),
        targets={limit.name: 0.3, peer.name: 10.0},
        facts={
            "events": EVENTS,
            "partners": PARTNERS,
            "workers": workers.CORES,
            "checked": "every partner's balance equals the schedule of its revenue",
        },
    )
