"""An event as a handler sees it, and where an event came from."""

from datetime import datetime
from typing import Generic, Protocol, TypeVar

from shared.chassis.values import Value
from shared.schemas.base import Event

E_co = TypeVar("E_co", bound=Event, covariant=True)


class Cause(Protocol):
    """What an emitted event says of its origin: the chain it belongs to and the event that led to it."""

    @property
    def correlation_id(self) -> str: ...
    @property
    def id(self) -> str: ...


class Raw(Value, frozen=True):
    """A record as Kafka delivered it; what is parked or waits is kept in this form."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class Incoming(Value, Generic[E_co], frozen=True):
    """One consumed event with its CloudEvents attributes.

    `sequence` is the aggregate's version at the owner (0 where the producer gave none); `key` the record key;
    `inbox_id` (source and id) names the event for the inbox, `body_hash` its content.
    """

    event: E_co
    id: str
    type: str
    source: str
    subject: str
    sequence: int
    time: datetime | None
    key: str
    correlation_id: str
    traceparent: str | None
    inbox_id: str
    body_hash: bytes
    raw: Raw

    @property
    def topic(self) -> str:
        return self.raw.topic
