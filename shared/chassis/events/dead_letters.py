"""Parked events: kept whole, with their fault, and with everything of the same order key behind them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.events.envelope import pack_headers, unpack_headers
from shared.chassis.events.incoming import Incoming, Raw

BEHIND = "parked_behind"
_LONGEST_KEY = 200

# A letter that went on to wait for another fact may fail after all: its row is there already, as done.
_PARK = """
insert into dead_letters (order_key, event_id, type, topic, partition, "offset", key, value, headers, error, detail, trace)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (topic, partition, "offset") do update
set id = default, order_key = excluded.order_key, error = excluded.error, detail = excluded.detail, trace = excluded.trace,
    attempts = dead_letters.attempts + 1, state = 'parked', settled_at = null
where dead_letters.state = 'done' and dead_letters.event_id = excluded.event_id and excluded.event_id <> ''"""
# The update takes the row's lock: a stream that is being closed meanwhile is waited for and opened anew.
_OPEN_STREAM = """
insert into parked_streams (order_key) values ($1) on conflict (order_key) do update set parked_since = parked_streams.parked_since"""
# Shared lock: a release of one of these streams is waited for, and no release begins before this batch is through.
_PARKED = "select order_key from parked_streams where order_key = any($1::text[]) order by order_key for share"


@dataclass(frozen=True, slots=True)
class Letter:
    """A parked record as stored."""

    id: int
    order_key: str
    event_id: str
    raw: Raw
    error: str
    state: str
    attempts: int

    @property
    def may_go(self) -> bool:
        """Behind another letter (now gone), or marked as ready by an operator."""
        return self.error == BEHIND or self.state == "ready"

    @property
    def claimed(self) -> bool:
        """Whether the inbox has its event; what could not be read was parked without an id."""
        return bool(self.event_id)


def stream_of(order_key: str) -> str:
    """The order key as PostgreSQL can keep and index it: without NUL, and a long one as its hash."""
    text = order_key.replace("\x00", "\\x00")
    return text if len(text) <= _LONGEST_KEY else hashlib.sha256(text.encode()).hexdigest()


async def parked_keys(uow: UnitOfWork, keys: Sequence[str]) -> set[str]:
    """Which of `keys` have a parked event; locks those streams against release until the transaction ends."""
    wanted = sorted({key for key in keys if key})
    return {row[0] for row in await uow.fetch(_PARKED, wanted)} if wanted else set()


async def park(
    uow: UnitOfWork,
    raw: Raw,
    *,
    order_key: str,
    error: str,
    detail: str,
    trace: str = "",
    incoming: Incoming[Any] | None = None,
    event_id: str = "",
) -> None:
    """Keep a record that could not be handled and hold up its stream. An empty order key holds up nothing.

    `event_id` names one that cannot be read and was claimed before.
    """
    if order_key:
        await uow.fetch(_OPEN_STREAM, order_key)
    await uow.fetch(
        _PARK,
        order_key,
        incoming.inbox_id if incoming else event_id,
        incoming.type if incoming else "",
        raw.topic,
        raw.partition,
        raw.offset,
        raw.key,
        raw.value,
        pack_headers(raw.headers),
        error,
        _clean(detail)[:2_000],
        _clean(trace)[:8_000],
    )


async def park_behind(uow: UnitOfWork, incoming: Incoming[Any], *, order_key: str) -> None:
    """Keep an event because an earlier one of its stream is parked."""
    await park(uow, incoming.raw, order_key=order_key, error=BEHIND, detail="an earlier event of its stream is parked", incoming=incoming)


def _clean(text: str) -> str:
    """PostgreSQL's text takes no NUL and no lone surrogate."""
    return text.replace("\x00", "\\x00").encode("utf-8", "replace").decode()


# Those whose first letter waits for a decision are left out: however many they are, they hold up no other stream.
_STREAMS = """
select order_key from parked_streams s left join lateral (
    select error, state from dead_letters d where d.order_key = s.order_key and state in ('parked', 'ready') order by id limit 1
) head on true
where head.state is null or head.state = 'ready' or head.error = 'parked_behind' order by parked_since limit $1"""
_LOCK_STREAM = "select 1 from parked_streams where order_key = $1 for update"
_CLOSE_STREAM = "delete from parked_streams where order_key = $1"
_COLUMNS = 'id, order_key, event_id, topic, partition, "offset", key, value, headers, error, state, attempts'
# The first that was parked, unless an older record of its topic followed it there: one that had waited for another fact.
_HEAD = f"""
select {_COLUMNS} from dead_letters
where order_key = $1 and state in ('parked', 'ready') and (topic, partition) = (
    select topic, partition from dead_letters where order_key = $1 and state in ('parked', 'ready') order by id limit 1
) order by "offset" limit 1"""  # noqa: S608 - column names
_LOOSE = f"""
select {_COLUMNS} from dead_letters
where order_key = '' and state = 'ready' order by id limit 1 for update skip locked"""  # noqa: S608 - column names
_OLDER = """
select 1 from dead_letters
where order_key = $1 and state in ('parked', 'ready') and topic = $2 and partition = $3 and "offset" < $4 limit 1"""
_DONE = "update dead_letters set state = 'done', settled_at = $2 where id = $1"
_AGAIN = """
update dead_letters set state = 'parked', error = $2, detail = $3, trace = $4, attempts = attempts + 1 where id = $1"""


async def streams(uow: UnitOfWork, *, limit: int = 100) -> list[str]:
    """The order keys whose parked events may move, longest parked first."""
    return [row[0] for row in await uow.fetch(_STREAMS, limit)]


async def is_behind(uow: UnitOfWork, raw: Raw, *, order_key: str) -> bool:
    """Whether an older record of the same topic is parked in the stream."""
    return bool(await uow.fetch(_OLDER, order_key, raw.topic, raw.partition, raw.offset))


async def next_letter(uow: UnitOfWork, order_key: str) -> Letter | None:
    """The letter at the head of a stream, under the stream's lock; without one left the stream is closed."""
    if not order_key:
        rows = await uow.fetch(_LOOSE)
        return _letter(rows[0]) if rows else None
    if not await uow.fetch(_LOCK_STREAM, order_key):
        return None
    rows = await uow.fetch(_HEAD, order_key)
    if rows:
        return _letter(rows[0])
    await uow.fetch(_CLOSE_STREAM, order_key)
    return None


async def settle(uow: UnitOfWork, letter: Letter) -> None:
    """The letter was handled."""
    await uow.fetch(_DONE, letter.id, uow.now)


async def failed_again(uow: UnitOfWork, letter: Letter, *, error: str, detail: str, trace: str) -> None:
    """The letter failed once more and stays where it is."""
    await uow.fetch(_AGAIN, letter.id, error, _clean(detail)[:2_000], _clean(trace)[:8_000])


def _letter(row: Any) -> Letter:
    raw = Raw(row[3], row[4], row[5], row[6], row[7], unpack_headers(row[8]))
    return Letter(id=row[0], order_key=row[1], event_id=row[2], raw=raw, error=row[9], state=row[10], attempts=row[11])
