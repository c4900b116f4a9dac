"""Real processes of the product, killed, frozen and cut off while deals run through them and others are registered; then the audit."""

import asyncio
import json
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
from shared.chassis.identity.issuer import Issuer
from shared.chassis.ids import derived_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.testing.waiting import eventually
from shared.chassis.testing.wire import Wire
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.deals import Credit, DealClosed, DealLine, DealRefunded, Outcome
from tests.chaos import registered
from tests.chaos.registrations import ISSUER, SOURCE, Registrations

_START = datetime(2026, 1, 5, tzinfo=UTC)
_PARTNERS = 12
_TOLD = "select 1 from outbox where aggregateid = $1 and payload like '%' || $2 || '%' limit 1"
_BOOKS = """
select coalesce(sum(held_minor + payable_minor), 0)::bigint as balance,
  (select coalesce(sum(amount_minor), 0) from entries)::bigint as entries,
  (select coalesce(sum(case when source = 'programme:expense' then amount_minor
                            when target = 'programme:expense' then -amount_minor else 0 end), 0) from transfers)::bigint as moved
from balances"""
_TOLD_TOPICS = ("deal.closed", "deal.refunded")
_PER_ACCOUNT = 6  # deals told while one account is contested
_PROGRAMME = {"sources": {SOURCE: {"versions": "contiguous"}}, "open_registrations_limit": 10_000}
SERVICES = ("registration", "commission", "tiering")
API = "api"
"""Registration's; of the others nobody asks anything here."""
ROLES = (*SERVICES, API)


@dataclass(frozen=True, slots=True)
class Servers:
    """PostgreSQL with durable commits and Kafka, both restartable."""

    postgres: Postgres
    kafka: Kafka


@dataclass
class Arena:
    """One run: three services' databases and topics of its own, processes, and what was told to them."""

    servers: Servers
    folder: Path
    seed: int
    prefix: str = field(default_factory=lambda: f"x{uuid4().hex[:10]}.")
    roles: dict[str, bootstrap.Roles] = field(default_factory=dict)
    workers: list["WorkerProcess"] = field(default_factory=list)
    api: "WorkerProcess | None" = None
    won: dict[UUID, DealClosed] = field(default_factory=dict)
    refunded: Counter[UUID] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._count = 0
        self._api_port = free_ports(1)[0]
        self._issuer = Issuer(self.folder / "issuer", issuer=ISSUER)
        self.registrations = Registrations(
            Wire(self.servers.kafka.bootstrap, prefix=self.prefix),
            f"http://127.0.0.1:{self._api_port}",
            self._issuer,
            random.Random(self.seed),
        )

    async def open(self) -> None:
        """Make the topics and empty, migrated databases: copies of those that the first run made."""
        await topics.provision(self.servers.kafka.bootstrap, catalogue.TOPICS, prefix=self.prefix)
        for name in SERVICES:
            await self._empty_database(name)
        self.source = Database(self.roles["registration"].worker_url, clock=SystemClock(), service="registration", pool=2)
        async with self.source.transaction() as uow:
            await uow.fetch("update policies set body = body || $1::text::jsonb", json.dumps(_PROGRAMME))

    async def _empty_database(self, name: str) -> None:
        database, clean = f"hansa_{name}", f"clean_{name}"
        connection = await asyncpg.connect(self.servers.postgres.admin_dsn)
        try:
            await connection.execute(f"drop database if exists {database} with (force)")
            if is_copy := bool(await connection.fetchval("select 1 from pg_database where datname = $1", clean)):
                await connection.execute(f"create database {database} template {clean} owner {database}_migrator")
            self.roles[name] = await bootstrap.create(self.servers.postgres.admin_dsn, name, password="chaos")
            if not is_copy:
                service = catalogue.build(name, **self._settings(name))
                await service.migrate()
                await service.stop()
                await connection.execute(f"create database {clean} template {database}")
        finally:
            await connection.close()

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
            "receipt_check_interval_s": "0.5",
            "expiry_interval_s": "0.5",  # of every timer of registration
            "issuer": ISSUER,
            "jwks_file": str(self._issuer.jwks_file),
        }

    def start(self, name: str, **extra: str) -> "WorkerProcess":
        """A worker process of the service; `API` is registration's API, always at the same address."""
        service, role, port = ("registration", "api", self._api_port) if name == API else (name, "worker", free_ports(1)[0])
        values = self._settings(service) | extra
        environment = os.environ | {f"HANSA_{service}_{key}".upper(): value for key, value in values.items()}
        worker = WorkerProcess(service, environment, role=role, port=port, log=self.folder / f"{name}-{len(self.workers)}.log")
        self.workers.append(worker)
        self.api = worker if name == API else self.api
        return worker

    async def start_all(self) -> dict[str, "WorkerProcess"]:
        """One process of each role, at work."""
        running = {name: self.start(name) for name in ROLES}
        await asyncio.gather(*(worker.ready() for worker in running.values()))
        return running

    async def tell(self, deals: int, *, pace_s: float = 0.02) -> None:
        """Have `deals` won deals committed, and meanwhile accounts contested in registration."""
        accounts = self.registrations.submit(deals // _PER_ACCOUNT, pace_s=pace_s * _PER_ACCOUNT)
        await asyncio.gather(self._tell_deals(deals, pace_s=pace_s), accounts)

    async def _tell_deals(self, deals: int, *, pace_s: float) -> None:
        """Won deals, some with refunds, as registration commits them: in transactions with the state they belong to.

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
        if self.api:
            await self.api.ready()  # the audit asks it
        await eventually(lambda: registered.is_taken_in(self), what="registration taking in all opportunities", within_s=within_s)
        expected = await self._told_events()
        await eventually(self._all_sent, what="the relay marking everything", within_s=within_s)
        for name in ("commission", "tiering"):
            await eventually(lambda name=name: self._through(name, expected), what=f"{name} taking in {expected} events", within_s=within_s)

    async def _all_sent(self) -> bool:
        return await self._scalar("registration", "select count(*) from outbox where published_at is null") == 0

    async def _through(self, name: str, expected: int) -> bool:
        return await self._heard_events(name) >= expected

    async def _told_events(self) -> int:
        return await self._scalar("registration", f"select count(*) from outbox where aggregatetype in {_TOLD_TOPICS}")

    async def _heard_events(self, name: str) -> int:
        """Events of closes and refunds; partners are heard of besides."""
        return await self._scalar(name, "select count(*) from inbox where topic like '%deal.closed' or topic like '%deal.refunded'")

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
        for name in SERVICES:
            assert await self._scalar(name, "select count(*) from dead_letters") == 0, note
            assert await self._scalar(name, "select count(*) from waiting_facts") == 0, note
            assert await self._scalar(name, "select count(*) from refusals") == 0, note
        for name in ("commission", "tiering"):
            assert await self._heard_events(name) == await self._told_events(), note
        await self._audit_commission(note)
        await self._audit_tiering(note)
        await self._audit_order(note)
        await registered.audit(self, note)

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
        """First deliveries stand in the outbox's order, per lane; a repeat after a crash may follow."""
        rows = await self.rows("registration", "select aggregatetype, aggregateid, headers from outbox order by id")
        written: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            headers = json.loads(row["headers"])
            written[_lane(row["aggregatetype"], row["aggregateid"], headers["ce_subject"])].append(headers["ce_id"])
        read: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        told = sorted({row["aggregatetype"] for row in rows})
        for record in await Wire(self.servers.kafka.bootstrap, prefix=self.prefix).read(*told):
            named = {name: value.decode() for name, value in record.headers}
            lane = _lane(record.topic.removeprefix(self.prefix), record.key.decode(), named["ce_subject"])
            read[lane].setdefault(named["ce_id"])
        found = {lane: list(ids) for lane, ids in read.items()}
        differing = {lane: (written.get(lane), found.get(lane)) for lane in written | found if written.get(lane) != found.get(lane)}
        assert not differing, (note, differing)


def _lane(topic: str, key: str, subject: str) -> tuple[str, str]:
    """Within what the order is that of the ids: a key of the arena, which commits one deal after the other; else an aggregate."""
    return topic, key if topic in _TOLD_TOPICS else subject


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
    """One worker, or one API, in a process of its own."""

    def __init__(self, name: str, environment: dict[str, str], *, role: str, port: int, log: Path) -> None:
        self.name = name
        self.log = log
        self._port = port
        command = [sys.executable, "-m", "hansa.host", role, str(port), name]
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
