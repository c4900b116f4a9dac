"""Lists in pages: a limit, an opaque cursor, and an answer that carries the next one."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field

from shared.chassis.errors import Refused

DEFAULT_LIMIT = 50
MAX_LIMIT = 250
_MAX_CURSOR = 1_024

T = TypeVar("T")
R = TypeVar("R")


class CursorInvalid(Refused):
    code = "cursor_invalid"
    status = 422
    sentence = "The cursor is not one that this list gave out."


class Page(BaseModel, Generic[T]):
    """Some items of a list; `next` asks for those after them and is absent at the end."""

    items: list[T]
    next: str | None = Field(None, description="pass it as `next` to go on")


class Paging:
    """What the caller asked for: `limit` items after the cursor `next`.

    A repository fetches `paging.limit + 1` rows in key order after `paging.after(UUID)`; then
    `paging.page(rows, view=to_view, key=lambda row: (row.id,))` makes the answer.
    """

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
        cursor: Annotated[str | None, Query(alias="next", max_length=_MAX_CURSOR, description="the cursor of the page before")] = None,
    ) -> None:
        self.limit = limit
        self.next = cursor

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The last key of the page before, read as `kinds` (UUID, datetime, date, int or str); None on the first page.

        Raises CursorInvalid.
        """
        if self.next is None:
            return None
        try:
            parts = orjson.loads(base64.urlsafe_b64decode(self.next + "=" * (-len(self.next) % 4)))
            if not isinstance(parts, list) or len(parts) != len(kinds):
                raise CursorInvalid
            return tuple(_read(part, kind) for part, kind in zip(parts, kinds, strict=True))
        except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as error:
            raise CursorInvalid from error

    def page(self, rows: Sequence[R], *, view: Callable[[R], T], key: Callable[[R], tuple[Any, ...]]) -> Page[T]:
        """The answer for `rows`, of which one more than `limit` was fetched to know whether there is a next page."""
        shown = rows[: self.limit]
        more = encode(*key(shown[-1])) if len(rows) > self.limit else None
        return Page(items=[view(row) for row in shown], next=more)


PageQuery = Annotated[Paging, Depends()]


def encode(*parts: Any) -> str:
    """A key as an opaque cursor."""
    plain = [part if isinstance(part, int | str) else str(part) for part in parts]
    return base64.urlsafe_b64encode(orjson.dumps(plain)).rstrip(b"=").decode()


def _read(part: Any, kind: type) -> Any:
    if kind is int:
        if type(part) is not int or abs(part) >= 2**63:
            raise CursorInvalid
        return part
    if not isinstance(part, str) or "\x00" in part:
        raise CursorInvalid
    if kind is date:
        return date.fromisoformat(part)
    if kind is datetime:
        instant = datetime.fromisoformat(part)
        if instant.tzinfo is None:
            raise CursorInvalid
        return instant.astimezone(UTC)  # what lies beyond the calendar in UTC fits no column
    return UUID(part) if kind is UUID else part
