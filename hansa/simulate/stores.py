"""A look into the databases, for the audit alone: what was published, what was consumed, what stands still."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
import yaml

from hansa.simulate.crowd import Done

# Longer than a broker needs to come back.
STUCK_AFTER_S = 20.0
_PUBLISHED = "select aggregatetype, headers::jsonb ->> 'ce_source', event_id from outbox where payload is not null"
_UNSENT = "select count(*) from outbox where published_at is null"
_BY_TOPIC = "select aggregatetype, count(*) from outbox where payload is not null group by 1"
_HANDLED = "select count(*) from inbox"
_CONSUMED = "select event_id from inbox"
_PARKED = "select type || ': ' || error || ': ' || left(detail, 200) from dead_letters where state in ('parked', 'ready') order by id"
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
    waiting: int = 0
    parked: list[str] = field(default_factory=list)

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


@dataclass(frozen=True, slots=True)
class Pulse:
    """How many events were handled, out of how many that somebody listens to; how many are unsent or wait."""

    handled: int = 0
    owed: int = 0
    unsent: int = 0
    waiting: int = 0

    @property
    def is_quiet(self) -> bool:
        return self.handled >= self.owed and not self.unsent and not self.waiting


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
            flow.unsent += (await self.rows(service, _UNSENT))[0][0]
            flow.waiting += (await self.rows(service, _WAITING))[0][0]
            flow.parked += [f"{service} parked {row[0]}" for row in await self.rows(service, _PARKED)]
        return flow

    async def settled(self, *, open_work: Callable[[], Awaitable[int]], done: Done) -> Flow:
        """The flow once it is at rest and no `open_work` is left, or as it is when nothing has moved for too long.

        Open work is counted again behind the flow: the last event consumed may have made some since the first count.
        """
        seen, moved_at = (Pulse(), -1), time.monotonic()
        while True:
            now = (await self.pulse(), await open_work())
            done(now[0].handled, now[0].owed)
            if now[0].is_quiet and not now[1] and (flow := await self.flow()).at_rest and not await open_work():
                return flow
            if now != seen:
                seen, moved_at = now, time.monotonic()
            elif time.monotonic() - moved_at > STUCK_AFTER_S:
                return await self.flow()
            await asyncio.sleep(0.25)

    async def pulse(self) -> Pulse:
        """Counts alone, cheap enough to be asked for again and again."""
        handled = owed = unsent = waiting = 0
        for service in self._connections:
            handled += (await self.rows(service, _HANDLED))[0][0]
            unsent += (await self.rows(service, _UNSENT))[0][0]
            waiting += (await self.rows(service, _WAITING))[0][0]
            owed += sum(count * len(self._consumers[topic]) for topic, count in await self.rows(service, _BY_TOPIC))
        return Pulse(handled, owed, unsent, waiting)

    async def _published(self, flow: Flow, service: str) -> None:
        for topic, source, event_id in await self.rows(service, _PUBLISHED):
            flow.by_topic[topic] = flow.by_topic.get(topic, 0) + 1
            for consumer in self._consumers[topic]:
                flow.owed.setdefault(consumer, set()).add(f"{source}#{event_id}")
