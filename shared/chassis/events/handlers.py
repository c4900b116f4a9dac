"""Which event leads to which use case: what a service declares to its consumer."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.chassis.events.incoming import Incoming
from shared.schemas.base import Event

if TYPE_CHECKING:
    from shared.chassis.database.unit_of_work import UnitOfWork

type_handler = Callable[["UnitOfWork", Any], Awaitable[None]]
batch_handler = Callable[["UnitOfWork", Sequence[Incoming[Any]]], Awaitable[None]]


def by_record_key(incoming: Incoming[Any]) -> str:
    """The default order: events of one record key park behind each other."""
    return incoming.key


def _no_locks(_: Incoming[Any]) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Handlers:
    """A service's reactions.

    `each` maps an event class to `async (uow, incoming)`; alternatively `types` with one set-based `batch` function
    `async (uow, incomings)` that keeps their order. `order_key` names the stream that a failed event holds up;
    `locks` the names locked for an event before any handler runs (needed by facts that wait).
    A handler raises Refused for a business refusal; anything else that is not transient parks the event.
    """

    each: Mapping[type[Event], type_handler] = field(default_factory=dict)
    types: tuple[type[Event], ...] = ()
    batch: batch_handler | None = None
    order_key: Callable[[Incoming[Any]], str] = by_record_key
    locks: Callable[[Incoming[Any]], Iterable[str]] = _no_locks

    @property
    def events(self) -> tuple[type[Event], ...]:
        """Every event class that is handled."""
        return (*self.each, *self.types)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics to subscribe to, without prefix."""
        return tuple(dict.fromkeys(event.topic for event in self.events))

    async def run(self, uow: "UnitOfWork", incomings: Sequence[Incoming[Any]]) -> None:
        """Handle the events in order within the given transaction."""
        if self.batch is not None:
            await self.batch(uow, incomings)
            return
        for incoming in incomings:
            with uow.caused_by(incoming):
                await self.each[type(incoming.event)](uow, incoming)
