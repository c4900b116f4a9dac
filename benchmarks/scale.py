"""Commission on a small and on a large store: what an event costs when the ledger is long, and whether memory stays flat."""

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg

from benchmarks import pipeline, workers
from benchmarks.ground import FOR_LARGE_STORES, Ground, Measure, Report, until
from services.commission.service import build
from services.commission.settings import Settings
from shared.chassis.clock import SystemClock
from shared.chassis.ids import new_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service

SMALL, LARGE = 100_000, 10_000_000
PORTION, RUNS = 20_000, 5
DEARER = 1.2
MEMORY_EVENTS, WARM_EVENTS, GROWTH = 2_000_000, 200_000, 1.1
# How a copied row differs from its original; columns that are not named are copied, numbers of their own are given anew. Events and
# deals are named in the order of time, as they are by who makes them; entries and transfers by what they are derived from.
_EARLIER = "uuidv7(interval '-1 day')"
_CHANGED = {
    "id": "gen_random_uuid()",
    "entry_id": "gen_random_uuid()",
    "deal_id": _EARLIER,
    "fact_id": f"{_EARLIER}::text",
    "event_id": f"'/hansa/registration#' || {_EARLIER}::text",
    "partner_id": "md5(partner_id::text || g)::uuid",
}
_TABLES = ("inbox", "journal", "deals", "entries", "transfers", "positions", "balances", "streams")
_OWN_COLUMNS = """
select column_name from information_schema.columns
where table_schema = current_schema() and table_name = $1 and is_identity = 'NO' order by ordinal_position"""


@dataclass
class Store:
    """One commission service's store and what was told to it so far."""

    ground: Ground
    settings: Settings
    prefix: str
    watch: asyncpg.Connection
    told: int = 0
    revenue: Counter[UUID] = field(default_factory=Counter)

    def service(self) -> Service:
        """The service on this store, not running."""
        return build(self.settings, clock=SystemClock())

    async def tell(self, count: int) -> int:
        """Publish `count` more deals; returns the last row of the outbox before them."""
        before: int = await self.watch.fetchval("select coalesce(max(id), 0) from outbox")
        deals = [deal.model_copy(update={"deal_id": new_id()}) for deal in pipeline.closes(count, start=self.told)]
        await pipeline.publish(self.ground, self.prefix, deals, start=self.told, fresh=True)
        self.told += count
        for deal in deals:
            self.revenue[deal.partner_id] += deal.amount.amount_minor
        return before

    async def taken(self, before: int, count: int) -> None:
        """Wait until `count` entries were told of, then check every balance. Watched by a key: a look must not grow with the store."""

        async def through() -> bool:
            await asyncio.sleep(0.1)
            return bool(await self.watch.fetchval("select count(*) from outbox where id > $1", before) == count)

        await until(through, within_s=600 + count / 200)
        await pipeline.check_balances(self.watch, self.revenue)

    async def rate(self, count: int) -> float:
        """Events a second for `count` more deals that wait in Kafka, from the first batch's beginning to the last one's."""
        before = await self.tell(count)
        service = self.service()
        try:
            await service.start_worker()
            await self.taken(before, count)
        finally:
            await service.stop()
        first, last = await self.watch.fetchrow("select min(created_at), max(created_at) from outbox where id > $1", before)
        return float(count / (last - first).total_seconds())

    async def grow(self, rows: int) -> int:
        """Copy what is there under other ids and partners until there are `rows` entries; returns how many there are."""
        have = await self.watch.fetchval("select count(*) from entries")
        for table in _TABLES:
            columns = [row[0] for row in await self.watch.fetch(_OWN_COLUMNS, table)]
            values = ", ".join(_CHANGED.get(column, f'"{column}"') for column in columns)
            names = ", ".join(f'"{column}"' for column in columns)
            last = have + max(rows // have - 1, 0) - 1
            theirs = "where partner_id is not null" if "partner_id" in columns else ""  # not the plan's own journal
            await self.watch.execute(
                f"insert into {table} ({names}) select {values} from (select * from {table} {theirs}) t, generate_series({have}, {last}) g",
                timeout=3600,
            )
            await self.watch.execute(f"vacuum analyze {table}", timeout=3600)
        admin = await asyncpg.connect(self.ground.postgres.admin_dsn)
        await admin.execute("checkpoint", timeout=3600)
        await admin.close()
        return int(await self.watch.fetchval("select count(*) from entries"))


async def _store(ground: Ground) -> Store:
    prefix = await ground.topics()
    template = await ground.service("commission", prefix=prefix)
    settings = template.platform.settings
    assert isinstance(settings, Settings)
    await template.stop()
    return Store(ground, settings, prefix, await asyncpg.connect(plain_dsn(settings.migrator_url)))


async def _costs(ground: Ground, *, rows: int) -> Report:
    await ground.restart(FOR_LARGE_STORES)
    store = await _store(ground)
    try:
        await store.rate(PORTION)
        small_rows = await store.grow(SMALL)
        small = [await store.rate(PORTION) for _ in range(RUNS)]
        large_rows = await store.grow(rows)
        large = [await store.rate(PORTION) for _ in range(RUNS)]
    finally:
        await store.watch.close()
    few = Measure(f"hansa with {small_rows:,} entries", "events/s", tuple(small))
    many = Measure(f"hansa with {large_rows:,} entries", "events/s", tuple(large))
    facts: dict[str, object] = {"checked": "every partner's balance equals the schedule of its revenue"}
    return Report("scale: an event on a long ledger", many, (few,), {few.name: 1 / DEARER}, facts)


async def _memory(ground: Ground, *, events: int) -> Report:
    """One worker in a process of its own takes portion after portion in."""
    store = await _store(ground)
    resident: list[float] = []
    async with workers.running(ground, store.settings, count=1) as running:
        (worker,) = running.processes
        started = time.perf_counter()
        for _ in range(max(events // WARM_EVENTS, 2)):
            await store.taken(await store.tell(WARM_EVENTS), WARM_EVENTS)
            resident.append(resident_mb(worker.pid or 0))
        took = time.perf_counter() - started
    await store.watch.close()
    facts: dict[str, object] = {
        "resident after each 200,000 events, MB": [round(each) for each in resident],
        "to reach": f"the last at most {GROWTH:g} × the first",
    }
    mine = Measure("hansa, a sender beside it", "events/s", (store.told / took,))
    return Report("scale: memory over many events", mine, (), {}, facts, within=resident[-1] <= GROWTH * resident[0])


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measure(ground: Ground, *, runs: int, rows: int = LARGE, events: int = MEMORY_EVENTS) -> list[Report]:
    """Once each, whatever `runs` says: it takes long."""
    return [await _costs(ground, rows=rows), await _memory(ground, events=events)]
