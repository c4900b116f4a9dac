"""What a service says to its database: every statement with its arguments, in order, `begin` and `commit` included."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from shared.chassis.database import Database


@contextmanager
def heard(database: Database) -> Iterator[list[tuple[str, Sequence[Any]]]]:
    """The statements of the block; the list grows while it runs."""
    statements: list[tuple[str, Sequence[Any]]] = []

    def note(sql: str, arguments: Sequence[Any]) -> None:
        statements.append((sql, arguments))

    def note_core(_c: Connection, _cursor: object, sql: str, arguments: Sequence[Any], _x: object, _many: bool) -> None:
        statements.append((sql, arguments))

    engine = database.engine.sync_engine
    database.listeners.append(note)
    event.listen(engine, "before_cursor_execute", note_core)
    try:
        yield statements
    finally:
        database.listeners.remove(note)
        event.remove(engine, "before_cursor_execute", note_core)
