"""Dead letters of every service as an operator handles them: looked at, marked. The workers do the rest."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

from shared.chassis.events.envelope import unpack_headers

_LIST = """
select id, order_key, type, topic, partition, "offset", error, detail, attempts, state, parked_at from dead_letters
where $1 or state in ('parked', 'ready') order by id limit $2"""
_SHOW = """
select id, order_key, type, topic, partition, "offset", error, detail, attempts, state, parked_at,
       event_id, key, value, headers, trace, decided_by, settled_at
from dead_letters where id = $1"""
_MARK = """
update dead_letters set state = $2, decided_by = $3, settled_at = case when $2 = 'discarded' then clock_timestamp() end
where id = $1 and state in ('parked', 'ready') returning id"""
_OPEN = "select id from dead_letters where state = 'parked' and error <> 'parked_behind' order by id"


@dataclass(frozen=True, slots=True)
class Summary:
    """One parked event in a list. `ref` (service/id) names it on the command line."""

    ref: str
    type: str
    order_key: str
    where: str
    error: str
    detail: str
    attempts: int
    state: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class Whole:
    """One parked event with everything that was kept."""

    summary: Summary
    event_id: str
    key: str
    body: str
    headers: tuple[tuple[str, str], ...]
    trace: str
    decided_by: str


class Desk:
    """One service's dead letters, over its API role's rights."""

    def __init__(self, service: str, dsn: str) -> None:
        self._service = service
        self._dsn = dsn

    async def all(self, *, settled: bool, limit: int = 1000) -> list[Summary]:
        """Parked and ready ones in their order; with `settled` the done and discarded ones too."""
        return [self._summary(row) for row in await self._fetch(_LIST, settled, limit)]

    async def show(self, number: int) -> Whole | None:
        """One of them whole, or None."""
        rows = await self._fetch(_SHOW, number)
        return self._whole(rows[0]) if rows else None

    async def mark(self, number: int, state: str, *, by: str) -> bool:
        """Mark it `ready` (the worker tries it again) or `discarded`; False if it is not open any more."""
        return bool(await self._fetch(_MARK, number, state, by))

    async def heads(self) -> list[int]:
        """Those that failed themselves, not the ones that wait behind them."""
        return [row["id"] for row in await self._fetch(_OPEN)]

    async def _fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._dsn, server_settings={"hansa.operator": "on"})
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *values)
            return rows
        finally:
            await connection.close()

    def _summary(self, row: asyncpg.Record) -> Summary:
        where = f"{row['topic']}[{row['partition']}]@{row['offset']}"
        ref = f"{self._service}/{row['id']}"
        return Summary(
            ref, row["type"], row["order_key"], where, row["error"], row["detail"], row["attempts"], row["state"], row["parked_at"]
        )

    def _whole(self, row: asyncpg.Record) -> Whole:
        headers = tuple((str(name), _text(value)) for name, value in unpack_headers(row["headers"]))
        return Whole(
            self._summary(row), row["event_id"], _text(row["key"]), _text(row["value"]), headers, row["trace"], row["decided_by"] or ""
        )


def _text(value: bytes | None) -> str:
    return "(none)" if value is None else value.decode("utf-8", "backslashreplace")
