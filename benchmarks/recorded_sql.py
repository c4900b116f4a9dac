"""The SQL that one request runs, written down as a pgbench script: what the database alone could do."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_HASHES_FROM = 2**53  # a whole number beyond is one: of a name's part
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Recorder:
    """Notes every statement of `engine` with its parameters, in order."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.statements: list[tuple[str, Sequence[Any]]] = []
        self._engine = engine.sync_engine
        event.listen(self._engine, "before_cursor_execute", self._note)

    def stop(self) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def of_one_transaction(self) -> Iterator[str]:
        """The texts of the first transaction's statements."""
        return (statement for statement, _ in self._of_one_transaction())

    def _of_one_transaction(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """Up to the next transaction's beginning (the relay is woken in one of its own)."""
        for number, (statement, parameters) in enumerate(self.statements):
            if number and statement == self.statements[0][0]:
                return
            yield statement, parameters

    def _note(self, _c: Connection, _cursor: object, statement: str, parameters: Sequence[Any], _x: object, _many: bool) -> None:
        self.statements.append((statement, parameters))

    def script(self, *, token: str, caller: UUID, callers: Sequence[UUID]) -> str:
        """A pgbench script. `token` (digits that the request held wherever it is unique) and every id vary per run.

        `caller` is replaced by one of `callers`, each in turn of chance.
        """
        varying = _Varying(token, caller, callers)
        lines = [r"\set r random(1, 9000000000000000)", rf"\set c random(1, {len(callers)})", "begin;"]
        for statement, parameters in self._of_one_transaction():
            lines.append(_inlined(" ".join(statement.split()), parameters, varying) + ";")
        return "\n".join([*lines, "commit;"])


class _Varying:
    def __init__(self, token: str, caller: UUID, callers: Sequence[UUID]) -> None:
        self._token = token
        self._caller = str(caller)
        self._choice = f"(array[{', '.join(repr(str(each)) for each in callers)}])[:c::int]"
        self._numbers: dict[str, int] = {}

    def literal(self, value: Any) -> str:
        """An SQL expression for a parameter."""
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int) and abs(value) > _HASHES_FROM:
            return f"({value} # :r)"  # another key each time, as another name would give
        if isinstance(value, int | float):
            return str(value)
        if isinstance(value, datetime):
            return f"(now() + ({(value - datetime.now(value.tzinfo)).total_seconds():.0f} * interval '1 second'))"
        if isinstance(value, date):
            return f"date '{value}'"
        if isinstance(value, bytes):
            return "decode(md5(:r::text), 'hex')"
        if isinstance(value, UUID):
            return f"({self.text(str(value))})::uuid"
        if isinstance(value, list | tuple):
            return f"array[{', '.join(self.literal(each) for each in value)}]"
        return f"({self.text(str(value))})"

    def text(self, value: str) -> str:
        """A string literal whose varying parts are computed by the database."""
        # pgbench takes every colon before a name for a variable, within quotes too
        quoted = value.replace("'", "''").replace(":", "' || chr(58) || '").replace(self._token, "' || :r::text || '")
        return "'" + _UUID.sub(self._id, quoted) + "'"

    def _id(self, match: re.Match[str]) -> str:
        found = match.group()
        if found == self._caller:
            return f"' || {self._choice} || '"
        number = self._numbers.setdefault(found, len(self._numbers))
        return f"' || md5('{number}-' || :r::text)::uuid || '"


def _inlined(statement: str, parameters: Sequence[Any], varying: _Varying) -> str:
    def put(match: re.Match[str]) -> str:
        value = parameters[int(match.group(1)) - 1]
        # a driver learns from the server that a column is jsonb; a literal put together from parts needs to say so
        document = isinstance(value, str) and value[:1] in ("[", "{") and not match.group(2)
        return varying.literal(value) + ("::jsonb" if document else match.group(2))

    return re.sub(r"\$(\d+)((?:::)?)", put, statement)
