"""Services of one test: built on emptied databases and topics of their own, reached as their users would, stopped after."""

import contextlib
import importlib
from pathlib import Path
from typing import cast
from uuid import UUID

import httpx2

from shared.chassis.identity.issuer import Issuer
from shared.chassis.service import Service
from shared.chassis.settings import ServiceSettings
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stores import Stores
from shared.chassis.testing.topic_sets import TopicSets
from shared.chassis.testing.wire import Wire

ROOT = Path(__file__).parents[3]
ISSUER = "https://issuer.test"


class Stage:
    """Builds services for one test. Their time is `clock`; their Kafka starts only when one of them needs it."""

    def __init__(self, stores: Stores, topic_sets: TopicSets, issuer: Issuer, *, clock: ManualClock) -> None:
        self.stores = stores
        self.issuer = issuer
        self.clock = clock
        self.topic_prefix = topic_sets.prefix
        self._topic_sets = topic_sets
        self._settings: dict[str, ServiceSettings] = {}
        self._cleanup = contextlib.AsyncExitStack()

    async def settings_for(self, name: str, *, kafka: bool = True, **changed: object) -> ServiceSettings:
        """Settings of the service on a migrated database that holds its seed alone (once per test), with topics unless `kafka` is false."""
        if name not in self._settings:
            roles = await self.stores.fresh(name)
            settings_type = cast("type[ServiceSettings]", importlib.import_module(f"services.{name}.settings").Settings)
            values: dict[str, object] = {
                "migrator_url": roles.migrator_url,
                "worker_url": roles.worker_url,
                "api_url": roles.api_url,
                "issuer": ISSUER,
                "jwks_file": str(self.issuer.jwks_file),
                "topic_prefix": self.topic_prefix,
                "programme": str(ROOT / "programme.yaml"),
                "receipt_keys_file": self.issuer.jwks_file.parent / "receipt.keys",  # registration's; others pass it over
                "timer_interval_s": 0.05,
                "relay_poll_s": 0.05,
            }
            self._settings[name] = settings_type.model_validate(values)
            await self._migrate(name)
        if kafka:
            changed["kafka"] = await self.kafka()
        return self._settings[name].model_copy(update=changed)

    async def kafka(self) -> str:
        """The bootstrap address, with every registered topic made under this test's prefix."""
        return await self._topic_sets.make()

    async def wire(self) -> Wire:
        """The topics themselves, to publish to and read from as an outsider would."""
        return Wire(await self.kafka(), prefix=self.topic_prefix)

    async def build(self, name: str, *, kafka: bool = True, **changed: object) -> Service:
        """The service, wired but not started; stopped at the end of the test."""
        settings = await self.settings_for(name, kafka=kafka, **changed)
        service = self._wired(name, settings)
        self._cleanup.push_async_callback(service.stop)
        return service

    async def launch(self, name: str, *, api: bool = True, worker: bool = True, **changed: object) -> Service:
        """The service, running; without a worker it needs no Kafka."""
        service = await self.build(name, kafka=worker, **changed)
        if api:
            await service.start_api()
        if worker:
            await service.start_worker()
        return service

    def _wired(self, name: str, settings: ServiceSettings) -> Service:
        service: Service = importlib.import_module(f"services.{name}.service").build(settings, clock=self.clock)
        return service

    async def _migrate(self, name: str) -> None:
        service = self._wired(name, self._settings[name])
        await service.migrate()
        await service.stop()

    def token(self, role: str = "operator", *, partner_id: UUID | None = None) -> str:
        """A token that the services of this test accept."""
        return self.issuer.issue(role, partner_id=partner_id)

    def client(self, service: Service, *, role: str | None = "operator", partner_id: UUID | None = None) -> httpx2.AsyncClient:
        """An HTTP client of the service's application, called in process; `role` None calls without a token."""
        headers = {"authorization": f"Bearer {self.token(role, partner_id=partner_id)}"} if role else {}
        transport = httpx2.ASGITransport(app=service.app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://hansa.test", headers=headers)
        self._cleanup.push_async_callback(client.aclose)
        return client

    async def clear(self) -> None:
        """Stop everything, the latest first."""
        await self._cleanup.aclose()
        await self._topic_sets.retire()
