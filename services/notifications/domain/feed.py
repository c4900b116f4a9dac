"""The feed: every event in one order, read with an opaque cursor that never skips and never goes back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.refusals import CursorExpired, CursorUnreadable
from services.notifications.domain.visibility import Body

_MARK = "feed1:"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as one viewer sees it. `position` is unique and grows in the order of commits, without gaps."""

    position: int
    event_id: str
    event_type: str
    viewer: UUID | None
    occurred_at: datetime
    data: Body


@dataclass(frozen=True, slots=True)
class Extent:
    """What the feed holds: the positions in (`pruned_to`, `head`]."""

    head: int
    pruned_to: int


def cursor_after(position: int) -> str:
    """The cursor with which a reader goes on after `position`."""
    return urlsafe_b64encode(f"{_MARK}{position}".encode()).decode().rstrip("=")


def position_of(cursor: str) -> int:
    """The inverse of `cursor_after`. Raises CursorUnreadable."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (Error, ValueError) as error:
        raise CursorUnreadable from error
    digits = text.removeprefix(_MARK)
    if digits == text or not digits.isdigit() or len(digits) > 18:
        raise CursorUnreadable
    return int(digits)


def start(cursor: str | None, *, extent: Extent) -> int:
    """The position after which to read. Raises CursorUnreadable, or CursorExpired when events after it were pruned."""
    if cursor is None:
        return extent.pruned_to
    position = position_of(cursor)
    if position < extent.pruned_to:
        raise CursorExpired
    if position > extent.head:
        raise CursorUnreadable
    return position
