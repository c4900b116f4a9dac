"""Events as a consumer is handed them: in the order of the outbox, or as Kafka delivers, in order per topic and key alone."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from shared.schemas.registry import BY_TYPE


@dataclass(frozen=True)
class Fact:
    """One event (a model of `shared.schemas`) with what its record says of it; `place` is its id in the outbox, which no consumer sees."""

    place: int
    topic: str
    key: str
    subject: str
    sequence: int
    body: str
    event: Any

    @classmethod
    def of(cls, place: int, topic: str, key: str, headers: str, body: str) -> "Fact":
        told = orjson.loads(headers)
        event = BY_TYPE[told["ce_type"]].model_validate_json(body)
        return Fact(place, topic, key, told["ce_subject"], int(told["ce_sequence"]), body, event)

    @property
    def id(self) -> UUID:
        """Of the aggregate that it is about."""
        return UUID(self.subject)


def as_delivered(facts: Sequence[Fact], chance: random.Random) -> Iterator[Fact]:
    """Each topic and key in its own order, all of them mixed at random: now one after the other, now one far ahead of the rest."""
    streams: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        streams[fact.topic, fact.key].append(fact)
    left = [list(reversed(stream)) for _, stream in sorted(streams.items())]
    while left:
        stream = chance.choice(left)
        for _ in range(chance.choice([1, 1, 3, len(stream)])):
            if stream:
                yield stream.pop()
        left = [stream for stream in left if stream]


@dataclass
class InTurn:
    """The facts of one aggregate whose sequence has no gap: one that came early waits for those before it."""

    done: int = 0
    early: dict[int, Fact] = field(default_factory=dict)

    def take(self, fact: Fact) -> Iterator[Any]:
        assert fact.sequence > self.done, (fact, self.done)
        assert fact.sequence not in self.early, (fact, self.early[fact.sequence])
        self.early[fact.sequence] = fact
        while self.done + 1 in self.early:
            self.done += 1
            yield self.early.pop(self.done).event
