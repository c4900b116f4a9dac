"""Identifiers: time-ordered for what is new, derived for what must be the same when it is made again."""

from uuid import UUID

import uuid_utils
import uuid_utils.compat

_NAMESPACE = UUID("6f1c0a52-58a5-5c0e-9d3e-0f5f1c1f7a11")


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by time of making, so that index pages fill in order."""
    return uuid_utils.compat.uuid7()


def new_id_text() -> str:
    """The same as text, which is what headers and bodies need: made without an object of Python's own class."""
    return str(uuid_utils.uuid7())


def derived_id(*parts: object) -> UUID:
    """The UUIDv5 of `parts`: the same parts give the same id, on every run and machine."""
    return uuid_utils.compat.uuid5(_NAMESPACE, "\x1f".join([str(part) for part in parts]))
