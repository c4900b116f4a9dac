"""A service as its host sees it: what it stands on, its HTTP half, its background half."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa
from fastapi import APIRouter, FastAPI

from shared.chassis import memory, policies, programme
from shared.chassis.clock import Clock
from shared.chassis.database import Database, UnitOfWork
from shared.chassis.database.migrating import upgrade
from shared.chassis.events import Handlers
from shared.chassis.health import Health, Unready, database_current
from shared.chassis.http import make_app
from shared.chassis.settings import ServiceSettings
from shared.chassis.telemetry import Telemetry
from shared.chassis.timers import Timer
from shared.chassis.worker import Arrived, Part, Worker, nothing_arrived

_MOST_CONTAINERS = 100_000  # a request of 500 rows makes half as many, which die by reference count


class Platform:
    """What one service stands on: settings, clock, telemetry and one database per role, opened when first used."""

    def __init__(self, name: str, settings: ServiceSettings, *, clock: Clock) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.telemetry = Telemetry.of(name, settings)

    @cached_property
    def api_database(self) -> Database:
        """Bound to the caller by row-level security."""
        return self._database(self.settings.api_url, pool=self.settings.api_pool, set_based=False, bound=True)

    @cached_property
    def worker_database(self) -> Database:
        """Sees all rows."""
        return self._database(self.settings.worker_url, pool=self.settings.worker_pool, set_based=True, bound=False)

    def _database(self, url: str, *, pool: int, set_based: bool, bound: bool) -> Database:
        return Database(
            url,
            clock=self.clock,
            service=self.name,
            tracer=self.telemetry.tracer,
            pool=pool,
            set_based=set_based,
            bound=bound,
            lock_timeout_ms=self.settings.lock_timeout_ms,
            statement_timeout_ms=self.settings.statement_timeout_ms,
        )

    def app(self, *, title: str, description: str, routers: Sequence[APIRouter]) -> FastAPI:
        """The service's HTTP application, on the API role's database."""
        return make_app(
            name=self.name,
            title=title,
            description=description,
            routers=routers,
            database=lambda: self.api_database,
            settings=self.settings,
            telemetry=self.telemetry,
        )

    async def close(self) -> None:
        """Close the databases that were opened and send what telemetry holds back."""
        for role in ("api_database", "worker_database"):
            if role in self.__dict__:
                await self.__dict__.pop(role).close()


async def _nothing(_: UnitOfWork) -> None:
    return None


@dataclass
class Service:
    """One service, wired. `seed` writes what a new database starts with, besides version 1 of the policy; it may run again.

    `arrived` names what facts wait for and no event brings, as soon as it is there: the worker then takes them up by itself.
    """

    platform: Platform
    metadata: sa.MetaData
    migrations: Path
    app: FastAPI
    handlers: Handlers = field(default_factory=Handlers)
    timers: Sequence[Timer] = ()
    extras: Sequence[Part] = ()
    seed: Callable[[UnitOfWork], Awaitable[None]] = _nothing
    arrived: Arrived = nothing_arrived

    @property
    def name(self) -> str:
        return self.platform.name

    @cached_property
    def worker(self) -> Worker:
        """The background half; made when first asked for, so that an API process has none."""
        return Worker(
            self.platform.worker_database,
            self.platform.settings,
            service=self.name,
            handlers=self.handlers,
            timers=self.timers,
            extras=self.extras,
            metrics=self.platform.telemetry.metrics,
            arrived=self.arrived,
        )

    @cached_property
    def worker_health(self) -> Health:
        """Readiness of the background half: database, migrations, Kafka, a living consumer, nothing refused by the broker."""
        health = Health()
        health.add("database", database_current(lambda: self.platform.worker_database, self.migrations))
        health.add("consumer", self._consuming)
        health.add("relay", self._relaying)
        return health

    async def migrate(self) -> None:
        """Bring the database to the newest revision and seed it, as the migrator."""
        settings = self.platform.settings
        await upgrade(settings.migrator_url, self.migrations)
        body, effective_from = programme.section(settings.programme, self.name)
        database = Database(settings.migrator_url, clock=self.platform.clock, service=self.name, pool=1)
        try:
            async with database.transaction() as uow:
                await policies.seed(uow, body, effective_from)
                await self.seed(uow)
        finally:
            await database.close()

    async def start_api(self) -> None:
        """Make the API ready to answer: its readiness is its database, not Kafka (the outbox absorbs)."""
        memory.settle(most_containers=_MOST_CONTAINERS)
        self.app.state.health.add("database", database_current(lambda: self.platform.api_database, self.migrations))

    async def start_worker(self) -> None:
        """Start consumer, relay, timers and extras."""
        await self.worker.start()

    async def stop(self) -> None:
        """Stop what was started and close the databases."""
        if "worker" in self.__dict__:
            await self.worker.stop()
        await self.platform.close()

    async def _consuming(self) -> None:
        if not await self.worker.consuming():
            raise Unready("consumer: paused, stuck or without a group")

    async def _relaying(self) -> None:
        if not await self.worker.relay.healthy():
            raise Unready("relay: the broker refuses a record")
