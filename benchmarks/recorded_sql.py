"""The SQL that one request runs, written down as a pgbench script: what the database alone could do."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

_HASHES_FROM = 2**53  # a whole number beyond is one: of a name's part
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def script(statements: Sequence[tuple[str, Sequence[Any]]], *, token: str, caller: UUID, callers: Sequence[UUID]) -> str:
    """A pgbench script of one transaction. `token` (digits that the request held wherever it is unique) and every id vary per run.

    `caller` is replaced by one of `callers`, each in turn of chance.
    """
    varying = _Varying(token, caller, callers)
    lines = [r"\set r random(1, 9000000000000000)", rf"\set c random(1, {len(callers)})"]
    lines += [_inlined(" ".join(statement.split()), parameters, varying) + ";" for statement, parameters in statements]
    return "\n".join(lines)


def first_transaction(heard: Sequence[tuple[str, Sequence[Any]]]) -> list[tuple[str, Sequence[Any]]]:
    """From the first `begin` to its `commit`."""
    ends = next(number for number, (statement, _) in enumerate(heard) if statement == "commit")
    return list(heard[: ends + 1])


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

    statement = re.sub(f"'({_UUID.pattern})'", lambda match: f"({varying.text(match.group(1))})", statement)
    return re.sub(r"\$(\d+)((?:::)?)", put, statement)
