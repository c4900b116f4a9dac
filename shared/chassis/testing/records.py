"""Events as the records that a broker would deliver: for tests that play the broker."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.chassis.events.envelope import headers_of
from shared.chassis.events.incoming import Raw
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from shared.schemas.base import Event

_NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a story and its aggregate's version."""

    event: Event
    sequence: int = 1


def record(told: Told, *, number: int, service: str = "elsewhere") -> Raw:
    """The `number`-th event of a story as a record; the same number gives the same event id."""
    event = told.event
    headers = headers_of(event, event_id=str(derived_id("story", number)), service=service, sequence=told.sequence, cause=None, now=_NOW)
    packed = tuple((name, value.encode()) for name, value in headers.items())
    return Raw(event.topic, 0, number, event.key.encode(), event.model_dump_json(exclude_none=True).encode(), packed)


def records(story: Sequence[Told]) -> list[Raw]:
    """The story in the order in which it happened."""
    return [record(told, number=number) for number, told in enumerate(story)]


def with_header(raw: Raw, name: str, value: bytes | None) -> Raw:
    """The record with one header set (None: a null header)."""
    kept = tuple(pair for pair in raw.headers if pair[0] != name)
    return replace(raw, headers=(*kept, (name, value)))


def interleaved(raws: Sequence[Raw], chance: random.Random) -> list[Raw]:
    """Another order that a consumer may see: kept per topic and key, at random otherwise."""
    lanes: dict[tuple[str, bytes | None], list[Raw]] = defaultdict(list)
    for raw in raws:
        lanes[raw.topic, raw.key].append(raw)
    open_lanes = [list(reversed(lane)) for lane in lanes.values()]
    order = []
    while open_lanes:
        lane = chance.choice(open_lanes)
        order.append(lane.pop())
        if not lane:
            open_lanes.remove(lane)
    return order


def repeated(raws: Sequence[Raw], chance: random.Random, *, times: int) -> list[Raw]:
    """Every record `times` times, each repeat somewhere after the first: what redelivery looks like."""
    order = list(raws)
    for raw in raws:
        for _ in range(times - 1):
            order.insert(chance.randint(order.index(raw) + 1, len(order)), raw)
    return order


def batches(raws: Sequence[Raw], chance: random.Random, *, largest: int = 20) -> list[list[Raw]]:
    """The records cut at random into batches."""
    cut, rest = [], list(raws)
    while rest:
        size = chance.randint(1, largest)
        cut.append(rest[:size])
        rest = rest[size:]
    return cut
