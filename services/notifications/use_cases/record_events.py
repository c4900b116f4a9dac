"""Take events in: each viewer's own view of each goes to the feed and to the endpoints that want it."""

from collections.abc import Sequence
from typing import Any

from services.notifications.domain.messages import Message
from services.notifications.domain.visibility import views
from services.notifications.mapping import body_of, event_type_of
from services.notifications.store import feed
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Incoming
from shared.chassis.telemetry import inject


async def record_events(uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> None:
    """Append the events in order, in one statement: the feed's lock is held from here to the commit, so it is taken once and late."""
    entries: list[feed.NewEntry] = []
    for incoming in incomings:
        with uow.caused_by(incoming):
            entries += _entries(incoming, traceparent=inject() or incoming.traceparent)
    await feed.append(uow, entries)


def _entries(incoming: Incoming[Any], *, traceparent: str | None) -> list[feed.NewEntry]:
    event_type, occurred_at = event_type_of(incoming.event), incoming.event.occurred_at
    return [
        feed.NewEntry(
            event_id=incoming.id,
            event_type=event_type,
            viewer=view.viewer,
            payload=Message(incoming.id, event_type, occurred_at, view.body).payload,
            occurred_at=occurred_at,
            traceparent=traceparent,
        )
        for view in views(event_type, body_of(incoming.event))
    ]
