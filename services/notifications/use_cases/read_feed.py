"""Read the feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notifications.domain.feed import Entry, cursor_after, start
from services.notifications.domain.filters import normalised
from services.notifications.domain.visibility import EVENT_TYPES
from services.notifications.store import feed
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Portion:
    """Some entries, the cursor to go on with (always, also at the end), and whether more are there already."""

    entries: Sequence[Entry]
    cursor: str
    more: bool


async def read_feed(uow: UnitOfWork, *, viewer: UUID | None, cursor: str | None, limit: int, event_types: Sequence[str] = ()) -> Portion:
    """What follows `cursor` in the viewer's feed. Raises CursorUnreadable, CursorExpired, EventTypeUnknown."""
    patterns = normalised(event_types, known=EVENT_TYPES)
    extent = await feed.extent(uow)
    after = start(cursor, extent=extent)
    entries = await feed.read(uow, viewer=viewer, after=after, upto=extent.head, limit=limit + 1, patterns=patterns)
    shown = entries[:limit]
    more = len(entries) > limit
    return Portion(shown, cursor_after(shown[-1].position if more else extent.head), more)


async def feed_end(uow: UnitOfWork) -> Portion:
    """No entries, and the cursor with which only what happens from now on is read."""
    return Portion((), cursor_after((await feed.extent(uow)).head), more=False)
