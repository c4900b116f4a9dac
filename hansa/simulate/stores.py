"""A look into the databases, for the audit alone: what was published, what was consumed, what stands still."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import yaml

from hansa.simulate.crowd import Done

_PUBLISHED = "select aggregatetype, headers::jsonb ->> 'ce_source', event_id from outbox where payload is not null"
_UNSENT = "select count(*) from outbox where published_at is null"
_CONSUMED = "select event_id from inbox"
_PARKED = "select count(*) from dead_letters where state in ('parked', 'ready')"
_WAITING = "select count(*) from waiting_facts"


@dataclass
class Flow:
    """One look at all stores. Events are named as inboxes name them: source and id.

    `owed` has what each service should have consumed by the register of topics, `consumed` what it did.
    """

    owed: dict[str, set[str]] = field(default_factory=dict)
    consumed: dict[str, set[str]] = field(default_factory=dict)
    by_topic: dict[str, int] = field(default_factory=dict)
    unsent: int = 0
    parked: int = 0
    waiting: int = 0

    @property
    def published(self) -> int:
        return sum(self.by_topic.values())

    @property
    def handled(self) -> int:
        return sum(len(events) for events in self.consumed.values())

    def lost(self) -> dict[str, set[str]]:
        """Published and not consumed, by consumer."""
        return {service: missing for service, owed in self.owed.items() if (missing := owed - self.consumed[service])}

    def invented(self) -> dict[str, set[str]]:
        """Consumed and never published, by consumer."""
        return {service: extra for service, events in self.consumed.items() if (extra := events - self.owed.get(service, set()))}

    @property
    def at_rest(self) -> bool:
        """Nothing is under way any more."""
        return not self.unsent and not self.waiting and not self.lost()


class Stores:
    """Open connections to every service's database."""

    def __init__(self, urls: Mapping[str, str], *, topics: Path) -> None:
        self._urls = urls
        self._consumers: dict[str, list[str]] = {
            topic: entry["consumers"] for topic, entry in yaml.safe_load(topics.read_text())["topics"].items()
        }
        self._open = AsyncExitStack()
        self._connections: dict[str, asyncpg.Connection] = {}

    async def __aenter__(self) -> Self:
        for service, url in self._urls.items():
            connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://", 1))
            self._open.push_async_callback(connection.close)
            self._connections[service] = connection
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._open.aclose()

    async def rows(self, service: str, sql: str) -> list[asyncpg.Record]:
        """Rows of one service's store."""
        found: list[asyncpg.Record] = await self._connections[service].fetch(sql)
        return found

    async def flow(self) -> Flow:
        """What was published and consumed up to now."""
        flow = Flow()
        for service in self._connections:
            flow.consumed[service] = {row[0] for row in await self.rows(service, _CONSUMED)}
        for service in self._connections:
            await self._published(flow, service)
            for name, sql in (("unsent", _UNSENT), ("parked", _PARKED), ("waiting", _WAITING)):
                setattr(flow, name, getattr(flow, name) + (await self.rows(service, sql))[0][0])
        return flow

    async def settled(self, *, within_s: float, quiet: Callable[[], Awaitable[bool]], done: Done) -> Flow:
        """The flow once it is at rest and `quiet` says so too, or as it is when the time is up."""
        deadline = asyncio.get_running_loop().time() + within_s
        while True:
            flow = await self.flow()
            done(flow.handled, sum(len(owed) for owed in flow.owed.values()))
            if (flow.at_rest and await quiet()) or asyncio.get_running_loop().time() > deadline:
                return flow
            await asyncio.sleep(0.25)

    async def _published(self, flow: Flow, service: str) -> None:
        for topic, source, event_id in await self.rows(service, _PUBLISHED):
            flow.by_topic[topic] = flow.by_topic.get(topic, 0) + 1
            for consumer in self._consumers[topic]:
                flow.owed.setdefault(consumer, set()).add(f"{source}#{event_id}")
