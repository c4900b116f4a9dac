"""Where benchmarks run: servers of their own, emptied stores, medians, and one way to print."""

import asyncio
import importlib
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg
import structlog

from hansa.embedded.kafka import Kafka
from hansa.embedded.postgres import Postgres
from shared.chassis.clock import SystemClock
from shared.chassis.database import bootstrap
from shared.chassis.events import topics
from shared.chassis.service import Service

ROOT = Path(__file__).parents[1]
TOPICS = ROOT / "deploy" / "topics.yaml"
RUNS = 5


def quietly() -> None:
    """Have this process tell of what is wrong, and not of fresh topics that find their leaders while they are written to."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Measure:
    """Work per second of one contender, over several runs."""

    name: str
    unit: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rates)


@dataclass(frozen=True, slots=True)
class Report:
    """What one benchmark found.

    `targets` maps a contender to the ratio that ours must reach; `facts` are checked truths and other figures;
    `within` says whether a limit that is no ratio was kept.
    """

    title: str
    ours: Measure
    others: tuple[Measure, ...]
    targets: dict[str, float]
    facts: dict[str, object] = field(default_factory=dict)
    within: bool = True

    def ratio(self, other: Measure) -> float:
        """Ours as a multiple of `other`, by medians of the same run."""
        return self.ours.median / other.median

    @property
    def reached(self) -> bool:
        """Whether every target was."""
        return self.within and all(self.ratio(other) >= self.targets.get(other.name, 0.0) for other in self.others)

    def as_json(self) -> dict[str, object]:
        """The report as plain values."""
        ratios = {other.name: round(self.ratio(other), 3) for other in self.others}
        measures = [asdict(each) | {"median": each.median} for each in (self.ours, *self.others)]
        return {"title": self.title, "measures": measures, "ratios": ratios, "targets": self.targets, "reached": self.reached} | self.facts


@dataclass(frozen=True, slots=True)
class Ground:
    """Two servers for the length of a benchmark, with durable commits as in production."""

    postgres: Postgres
    kafka: Kafka

    async def roles(self, name: str) -> bootstrap.Roles:
        """An empty database `hansa_<name>` with its roles."""
        connection = await asyncpg.connect(self.postgres.admin_dsn)
        try:
            await connection.execute(f"drop database if exists hansa_{name} with (force)")
        finally:
            await connection.close()
        return await bootstrap.create(self.postgres.admin_dsn, name, password=uuid4().hex)

    async def restart(self, settings: Mapping[str, str]) -> None:
        """Start PostgreSQL anew with these settings besides its usual ones."""
        await asyncio.to_thread(self.postgres.stop)
        self.postgres.settings |= settings
        await asyncio.to_thread(self.postgres.start)

    async def topics(self) -> str:
        """A fresh set of topics; returns their prefix."""
        prefix = f"b{uuid4().hex[:8]}."
        await topics.provision(self.kafka.bootstrap, TOPICS, prefix=prefix)
        return prefix

    async def service(self, name: str, *, prefix: str = "", **changed: object) -> Service:
        """A service on an emptied, migrated database; nothing of it runs yet."""
        roles = await self.roles(name)
        module = importlib.import_module(f"services.{name}.settings")
        values: dict[str, object] = {
            "migrator_url": roles.migrator_url,
            "worker_url": roles.worker_url,
            "api_url": roles.api_url,
            "kafka": self.kafka.bootstrap,
            "topic_prefix": prefix,
            "programme": str(ROOT / "programme.yaml"),
            "receipt_keys_file": self.postgres.folder / "receipt.keys",  # registration's; others pass it over
        }
        settings = module.Settings.model_validate(values | changed)
        service: Service = importlib.import_module(f"services.{name}.service").build(settings, clock=SystemClock())
        await service.migrate()
        return service


# A server for a store of tens of millions of rows (docs/runbook.md); the small store is measured on the same one.
FOR_LARGE_STORES = {
    "shared_buffers": "6GB",  # a quarter of 24
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "on",
    "autovacuum": "off",  # of what was copied in one go: it is vacuumed before it is measured
}


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """Start both servers in a folder that is thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as folder:
        postgres, kafka = Postgres(Path(folder) / "postgres"), Kafka(Path(folder) / "kafka")
        try:
            await asyncio.gather(asyncio.to_thread(postgres.start), asyncio.to_thread(kafka.start))
            yield Ground(postgres, kafka)
        finally:
            kafka.kill()
            postgres.stop(mode="immediate")


async def until(check: Callable[[], Awaitable[bool]], *, within_s: float = 120.0, every_s: float = 0.01) -> None:
    """Wait for a condition, looking `every_s`: a look takes from what is measured. Raises TimeoutError."""
    deadline = time.monotonic() + within_s
    while not await check():
        if time.monotonic() > deadline:
            raise TimeoutError("the benchmark's condition did not come about")
        await asyncio.sleep(every_s)


async def in_turn(contenders: Sequence[tuple[str, str, Callable[[], Awaitable[float]]]], *, runs: int = RUNS) -> list[Measure]:
    """Run the contenders in turn, A B C A B C …, so that a machine whose speed drifts treats all alike. Each returns its rate."""
    rates: dict[str, list[float]] = {name: [] for name, _, _ in contenders}
    for _ in range(runs):
        for name, _, run in contenders:
            rates[name].append(await run())
    return [Measure(name, unit, tuple(rates[name])) for name, unit, _ in contenders]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
