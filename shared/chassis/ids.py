"""Identifiers: time-ordered for what is new, derived for what must be the same when it is made again."""

from uuid import UUID, SafeUUID

import uuid_utils

_NAMESPACE = uuid_utils.UUID("6f1c0a52-58a5-5c0e-9d3e-0f5f1c1f7a11")
_UNKNOWN = SafeUUID.unknown
_set_int, _set_is_safe = UUID.int.__set__, UUID.is_safe.__set__  # type: ignore[misc, attr-defined]  # the slots of a class that lets nobody assign


def new_id() -> UUID:
    """A fresh UUIDv7: sorts by time of making, so that index pages fill in order."""
    return _of(uuid_utils.uuid7().int)


def new_id_text() -> str:
    """The same as text, which is what headers and bodies need: made without an object of Python's own class."""
    return str(uuid_utils.uuid7())


def derived_id(*parts: object) -> UUID:
    """The UUIDv5 of `parts`: the same parts give the same id, on every run and machine."""
    return _of(uuid_utils.uuid5(_NAMESPACE, "\x1f".join([str(part) for part in parts])).int)


def _of(number: int) -> UUID:
    """What `UUID(int=number)` gives, at a third of its price: entries get their ids by the million."""
    made = object.__new__(UUID)
    _set_int(made, number)
    _set_is_safe(made, _UNKNOWN)
    return made
