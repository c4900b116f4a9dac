"""A row of an answer, however it was asked for."""

from collections.abc import Iterator
from typing import Any, Protocol

import asyncpg


class Row(Protocol):
    """Its columns by position, in order, or by name."""

    def __getitem__(self, position: int | slice, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def __getattr__(self, name: str, /) -> Any: ...


class DriverRow(asyncpg.Record):  # type: ignore[misc]  # the library is not typed
    """The driver's row with its columns as attributes too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None
