"""Real processes of the product, to be killed, frozen and cut off while a stream of deals runs through them; then the audit."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.exc import DBAPIError

from hansa import catalogue
from hansa.embedded.kafka import Kafka
from hansa.embedded.postgres import Postgres
from hansa.embedded.processes import free_ports
from shared.chassis.clock import SystemClock
from shared.chassis.database import Database, bootstrap
from shared.chassis.events import topics
from shared.chassis.ids import derived_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.testing.waiting import eventually
from shared.chassis.testing.wire import Wire
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.deals import Credit, DealClosed, DealLine, DealRefunded, Outcome

_START = datetime(2026, 1, 5, tzinfo=UTC)
_PARTNERS = 12
_TOLD = "select 1 from outbox where aggregateid = $1 and payload like '%' || $2 || '%' limit 1"
_BOOKS = """
select coalesce(sum(held_minor + payable_minor), 0)::bigint as balance,
  (select coalesce(sum(amount_minor), 0) from entries)::bigint as entries,
  (select coalesce(sum(case when source = 'programme:expense' then amount_minor
                            when target = 'programme:expense' then -amount_minor else 0 end), 0) from transfers)::bigint as moved
from balances"""
SERVICES = ("registration", "commission", "tiering")


@dataclass(frozen=True, slots=True)
class Servers:
    """PostgreSQL with durable commits and Kafka, both restartable."""

    postgres: Postgres
    kafka: Kafka


@dataclass
class Arena:
    """One run: three services' databases and topics of its own, worker processes, and what was told to them."""

    servers: Servers
    folder: Path
    seed: int
    prefix: str = field(default_factory=lambda: f"x{uuid4().hex[:10]}.")
    roles: dict[str, bootstrap.Roles] = field(default_factory=dict)
    workers: list["WorkerProcess"] = field(default_factory=list)
    won: dict[UUID, DealClosed] = field(default_factory=dict)
    refunded: Counter[UUID] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._count = 0

    async def open(self) -> None:
        """Make the topics and empty, migrated databases."""
        await topics.provision(self.servers.kafka.bootstrap, catalogue.TOPICS, prefix=self.prefix)
        connection = await asyncpg.connect(self.servers.postgres.admin_dsn)
        try:
            for name in SERVICES:
                await connection.execute(f"drop database if exists hansa_{name} with (force)")
        finally:
            await connection.close()
        for name in SERVICES:
            self.roles[name] = await bootstrap.create(self.servers.postgres.admin_dsn, name, password="chaos")
            service = catalogue.build(name, **self._settings(name))
            await service.migrate()
            await service.stop()
        self.source = Database(self.roles["registration"].worker_url, clock=SystemClock(), service="registration", pool=2)

    async def close(self) -> None:
        """End what this run started."""
        for worker in self.workers:
            worker.kill()
        await self.source.close()

    def _settings(self, name: str) -> dict[str, str]:
        roles = self.roles[name]
        return {
            "migrator_url": roles.migrator_url,
            "worker_url": roles.worker_url,
            "api_url": roles.api_url,
            "kafka": self.servers.kafka.bootstrap,
            "topic_prefix": self.prefix,
            "session_timeout_ms": "6000",
            "programme": str(catalogue.PROGRAMME),
            "receipt_keys_file": str(self.folder / "receipt.keys"),
        }

    def start(self, name: str, **extra: str) -> "WorkerProcess":
        """A worker process of the service."""
        values = self._settings(name) | extra
        environment = os.environ | {f"HANSA_{name}_{key}".upper(): value for key, value in values.items()}
        worker = WorkerProcess(name, environment, log=self.folder / f"{name}-{len(self.workers)}.log")
        self.workers.append(worker)
        return worker

    async def start_all(self) -> dict[str, "WorkerProcess"]:
        """One worker of each service, at work."""
        running = {name: self.start(name) for name in SERVICES}
        await asyncio.gather(*(worker.ready() for worker in running.values()))
        return running

    async def tell(self, deals: int, *, pace_s: float = 0.02) -> None:
        """Commit `deals` won deals, some with refunds, as registration does: in transactions with the state they belong to.

        A transaction that fails is told again under new ids, as a caller would retry who looked whether it had been heard.
        """
        for _ in range(deals):
            await asyncio.sleep(pace_s)
            facts = self._deal()
            while True:
                try:
                    async with self.source.transaction() as uow:
                        for number, fact in enumerate(facts, 1):
                            uow.emit(fact, sequence=number)
                    break
                except (DBAPIError, OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.1)
                    if await self._was_told(facts):
                        break
            self._remember(facts)

    async def _was_told(self, facts: Sequence[Event]) -> bool:
        """A cut connection may hide a commit that happened, and the relay may have sent it since."""
        while True:
            try:
                async with self.source.transaction() as uow:
                    return bool(await uow.fetch(_TOLD, facts[0].key, facts[0].subject))
            except (DBAPIError, OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)

    def _deal(self) -> list[Event]:
        self._count += 1
        partner = derived_id("chaos partner", self.chance.randrange(_PARTNERS))
        at = _START + timedelta(minutes=self._count)
        amount = MoneyAmount(amount_minor=self.chance.randrange(1_000, 90_000_00), currency="USD")
        deal = DealClosed(
            occurred_at=at,
            recorded_at=at,
            deal_id=derived_id("chaos deal", self.seed, self._count),
            partner_id=partner,
            closed_at=at,
            amount=amount,
            lines=(DealLine(line_id="1", product="GTX Pro", family="GTX", amount_minor=amount.amount_minor),),
            credits=(Credit(partner_id=partner, share="1"),),
            territory="EMEA",
            outcome=Outcome.WON,
        )
        return [deal, *self._refunds(deal)]

    def _refunds(self, deal: DealClosed) -> list[Event]:
        """A fifth of the deals is refunded in full, in two parts: what it accrued must come back to the cent."""
        if self.chance.random() > 0.2:
            return []
        whole = deal.amount.amount_minor
        first = self.chance.randrange(1, whole)
        parts = enumerate((first, whole - first), 1)
        return [_refund(deal, number, part) for number, part in parts]

    def _remember(self, facts: Sequence[Event]) -> None:
        for fact in facts:
            if isinstance(fact, DealClosed):
                self.won[fact.deal_id] = fact
            elif isinstance(fact, DealRefunded):
                self.refunded[fact.deal_id] += fact.amount.amount_minor

    async def settle(self, *, within_s: float = 90.0) -> None:
        """Wait until everything told is published and taken in. Raises AssertionError with what is missing."""
        expected = await self._scalar("registration", "select count(*) from outbox")
        await eventually(self._all_sent, what="the relay marking everything", within_s=within_s)
        for name in ("commission", "tiering"):
            await eventually(lambda name=name: self._through(name, expected), what=f"{name} taking in {expected} events", within_s=within_s)

    async def _all_sent(self) -> bool:
        return await self._scalar("registration", "select count(*) from outbox where published_at is null") == 0

    async def _through(self, name: str, expected: int) -> bool:
        return await self._scalar(name, "select count(*) from inbox") >= expected

    async def _scalar(self, name: str, sql: str) -> int:
        rows = await self.rows(name, sql)
        return int(rows[0][0])

    async def rows(self, name: str, sql: str) -> list[asyncpg.Record]:
        """Read from a service's database."""
        connection = await asyncpg.connect(plain_dsn(self.roles[name].migrator_url))
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()

    async def audit(self) -> None:
        """Nothing lost, nothing twice, books balanced, order kept. Each finding is an AssertionError that names the seed."""
        note = f"seed {self.seed}"
        assert await self._scalar("registration", "select count(*) from outbox where published_at is null") == 0, note
        for name in ("commission", "tiering"):
            assert await self._scalar(name, "select count(*) from dead_letters") == 0, note
            assert await self._scalar(name, "select count(*) from waiting_facts") == 0, note
            assert await self._scalar(name, "select count(*) from refusals") == 0, note
            assert await self._scalar(name, "select count(*) from inbox") == len(self.won) + await self._refund_events(), note
        await self._audit_commission(note)
        await self._audit_tiering(note)
        await self._audit_order(note)

    async def _refund_events(self) -> int:
        return await self._scalar("registration", "select count(*) from outbox where aggregatetype = 'deal.refunded'")

    async def _audit_commission(self, note: str) -> None:
        accruals = await self.rows("commission", "select deal_id, count(*) as n from entries where kind = 'accrual' group by 1")
        assert {row["deal_id"]: row["n"] for row in accruals} == dict.fromkeys(self.won, 1), note
        left = await self.rows("commission", "select deal_id, sum(amount_minor)::bigint as amount from entries group by 1")
        kept = {row["deal_id"]: row["amount"] for row in left}
        assert [kept[deal] for deal in self.refunded] == [0] * len(self.refunded), note
        sums = await self.rows("commission", _BOOKS)
        assert sums[0]["balance"] == sums[0]["entries"] == sums[0]["moved"], note
        sent = await self._scalar("commission", "select count(*) from outbox where aggregatetype = 'commission.accrued'")
        assert sent == len(self.won), note

    async def _audit_tiering(self, note: str) -> None:
        expected: Counter[UUID] = Counter()
        for deal in self.won.values():
            expected[deal.partner_id] += deal.amount.amount_minor - self.refunded[deal.deal_id]
        rows = await self.rows("tiering", "select partner_id, sum(revenue_minor)::bigint as revenue from revenue group by 1")
        assert {row["partner_id"]: row["revenue"] for row in rows if row["revenue"]} == {k: v for k, v in expected.items() if v}, note

    async def _audit_order(self, note: str) -> None:
        """Per topic and key, first deliveries stand in the outbox's order; a repeat after a crash may follow."""
        rows = await self.rows("registration", "select event_id::text, aggregatetype, aggregateid from outbox order by id")
        written: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            written[self.prefix + row["aggregatetype"], row["aggregateid"]].append(row["event_id"])
        read: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        records = await Wire(self.servers.kafka.bootstrap, prefix=self.prefix).read("deal.closed", "deal.refunded")
        for record in records:
            event_id = dict(record.headers)["ce_id"].decode()
            read[record.topic, record.key.decode()].setdefault(event_id)
        assert {key: list(ids) for key, ids in read.items()} == written, note


def _refund(deal: DealClosed, number: int, amount_minor: int) -> DealRefunded:
    return DealRefunded(
        occurred_at=deal.occurred_at,
        recorded_at=deal.recorded_at,
        deal_id=deal.deal_id,
        partner_id=deal.partner_id,
        refund_id=derived_id(deal.deal_id, number),
        close_number=1,
        amount=MoneyAmount(amount_minor=amount_minor, currency="USD"),
    )


class WorkerProcess:
    """One worker in a process of its own."""

    def __init__(self, name: str, environment: dict[str, str], *, log: Path) -> None:
        self.name = name
        self.log = log
        self._port = free_ports(1)[0]
        command = [sys.executable, "-m", "hansa.host", "worker", str(self._port), name]
        with log.open("ab") as output:
            self._child = subprocess.Popen(command, env=environment, cwd=catalogue.ROOT, stdout=output, stderr=output)

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        if self.running:
            self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        """SIGTERM, and wait for the farewell."""
        self._child.terminate()
        self._child.wait(timeout=40)

    def freeze(self) -> None:
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    async def ready(self) -> None:
        """Wait until it says that it can do its work."""

        async def is_ready() -> bool:
            try:
                with await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{self._port}/readyz", timeout=5) as answer:
                    return bool(answer.status == 200)
            except OSError:
                return False

        await eventually(is_ready, what=f"readiness of {self.name}", within_s=60, every_s=0.1)

    async def died(self, *, within_s: float = 40.0) -> None:
        """Wait until the process has ended by itself (a fail point)."""

        async def ended() -> bool:
            return not self.running

        await eventually(ended, what=f"the end of {self.name}", within_s=within_s)
