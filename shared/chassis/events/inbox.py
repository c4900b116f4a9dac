"""Claim first, then work: an event's row in the inbox is inserted before any effect, so that it takes effect once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.events.incoming import Incoming, Raw
from shared.chassis.values import Value

# Sorted: claims in arrival order deadlock when two batches overlap.
_CLAIM = """
insert into inbox (event_id, body_hash, topic, partition, "offset")
select event_id, decode(body_hash, 'hex'), topic, partition, "offset"
from json_to_recordset($1::text::json) as r(event_id text, body_hash text, topic text, partition int, "offset" bigint)
order by event_id
on conflict do nothing
returning event_id"""
_KNOWN = "select event_id, body_hash from inbox where event_id = any($1::text[])"


@dataclass(frozen=True, slots=True)
class Claims:
    """`fresh` events are this transaction's to handle, in order; `conflicts` repeat an id with another body."""

    fresh: list[Incoming[Any]]
    conflicts: list[Incoming[Any]]


_Name = tuple[str, str]  # source and id


class Recent:
    """Events that this process took in and committed lately: their repeats need neither decoding nor the database.

    Only a shortcut: what it does not know, or knows with another body, the inbox decides.
    """

    def __init__(self, *, most: int = 50_000) -> None:
        self._half = most // 2
        self._newer: dict[_Name, int] = {}
        self._older: dict[_Name, int] = {}

    def add(self, committed: Iterable[Incoming[Any]]) -> None:
        """Remember events whose claims are committed; the oldest half is forgotten when there are too many."""
        for incoming in committed:
            self._newer[incoming.source, incoming.id] = hash(incoming.raw.value)
        if len(self._newer) > self._half:
            self._older, self._newer = self._newer, {}

    def without_repeats(self, raws: Sequence[Raw]) -> list[Raw]:
        """The records that repeat, body and all, neither one of them nor an earlier one among themselves."""
        first: dict[_Name, Raw] = {}
        fresh = []
        for raw in raws:
            name = _name(raw)
            if name is not None:
                if self._knows(name, raw):
                    continue
                earlier = first.setdefault(name, raw)
                if earlier is not raw and earlier.value == raw.value and earlier.headers == raw.headers:
                    continue
            fresh.append(raw)
        return fresh

    def _knows(self, name: _Name, raw: Raw) -> bool:
        """By 64 bits of the body: what they could mistake is another body under a known id, which takes no effect either way."""
        known = self._newer.get(name)
        if known is None:
            known = self._older.get(name)
        return known is not None and known == hash(raw.value)


def _name(raw: Raw) -> _Name | None:
    headers = dict(raw.headers)
    source, event_id = headers.get("ce_source"), headers.get("ce_id")
    try:
        return (source.decode(), event_id.decode()) if source and event_id else None
    except UnicodeDecodeError:
        return None


async def claim(uow: UnitOfWork, incomings: Sequence[Incoming[Any]]) -> Claims:
    """Claim every event once. Repeats with the same body vanish; a repeat with another body is an event conflict."""
    first, conflicts = _first_of_each(incomings)
    if not first:
        return Claims([], conflicts)
    rows = await uow.fetch(_CLAIM, msgspec.json.encode([_row(i) for i in first]).decode())
    claimed = {row[0] for row in rows}
    fresh = [i for i in first if i.inbox_id in claimed]
    if repeats := [i for i in first if i.inbox_id not in claimed]:
        conflicts += await _with_other_body(uow, repeats)
    return Claims(fresh, conflicts)


class _Row(Value, frozen=True):
    event_id: str
    body_hash: str
    topic: str
    partition: int
    offset: int


def _row(incoming: Incoming[Any]) -> _Row:
    raw = incoming.raw
    return _Row(incoming.inbox_id, incoming.body_hash.hex(), raw.topic, raw.partition, raw.offset)


def _first_of_each(incomings: Iterable[Incoming[Any]]) -> tuple[list[Incoming[Any]], list[Incoming[Any]]]:
    """An id twice in one batch is claimed once but would match twice: keep the first."""
    first: dict[str, Incoming[Any]] = {}
    conflicts = []
    for incoming in incomings:
        known = first.setdefault(incoming.inbox_id, incoming)
        if known.body_hash != incoming.body_hash:
            conflicts.append(incoming)
    return list(first.values()), conflicts


async def _with_other_body(uow: UnitOfWork, repeats: list[Incoming[Any]]) -> list[Incoming[Any]]:
    rows = await uow.fetch(_KNOWN, [i.inbox_id for i in repeats])
    known = {row[0]: row[1] for row in rows}
    return [i for i in repeats if known.get(i.inbox_id) != i.body_hash]
