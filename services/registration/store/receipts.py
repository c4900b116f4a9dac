"""Receipts in the store: the head locked last, a run of links entered in one statement, each receipt read with its link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from services.registration.domain.receipts.receipt import Content, Head, Link
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound

_SEED = """
insert into receipt_head (sequence, hash, received_at)
select sequence, hash, received_at from receipt_links join receipts using (sequence)
union all select 0, decode(repeat('00', 32), 'hex'), timestamptz 'epoch'
order by 1 desc limit 1 on conflict do nothing"""
_HEAD = "select sequence, hash, received_at from receipt_head"
_LOCK_HEAD = f"{_HEAD} for no key update"
# The sequence comes from the head's own row: whatever the caller believes, there is neither a gap nor a twin.
# "select $6": the planner does not see how long an array is, and makes one plan instead of one for each call.
_APPEND = """
with head as (
  update receipt_head set sequence = sequence + $1::bigint, hash = $2, received_at = greatest(received_at, $3)
  returning sequence - $1::bigint as before
), link as (
  insert into receipt_links (sequence, content_hash, previous_hash, hash, key_id, signature)
  select before + n, c, p, h, case when n = $1::bigint then $4::text end, case when n = $1::bigint then $5::bytea end
  from head, unnest((select $6::bytea[]), (select $7::bytea[]), (select $8::bytea[])) with ordinality r(c, p, h, n)
)
insert into receipts (sequence, partner_id, subject_id, received_at, content, salt)
select before + n, w, s, $3, t, a
from head, unnest((select $9::uuid[]), (select $10::uuid[]), (select $11::text[]), (select $12::bytea[]))
with ordinality r(w, s, t, a, n)"""
_SELECT = """
select r.sequence, r.partner_id, r.subject_id, r.received_at, r.content, r.salt,
  l.content_hash, l.previous_hash, l.hash, l.key_id, l.signature
from receipts r join receipt_links l using (sequence)"""
_ONE = f"{_SELECT} where r.sequence = $1"
_OF_SUBJECT = f"{_SELECT} where r.subject_id = $1"
_LISTED = f"{_SELECT} where r.sequence > $1 order by r.sequence limit $2"
_LISTED_OF = f"{_SELECT} where r.partner_id = $3 and r.sequence > $1 order by r.sequence limit $2"
_LINKS = "select sequence, content_hash, previous_hash, hash from receipt_links where sequence between $1 and $2 order by sequence limit $3"
_SIGNED_AT = """
select sequence, key_id, signature from receipt_links where sequence >= $1 and signature is not null order by sequence limit 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A receipt before it has its place."""

    partner_id: UUID
    subject_id: UUID
    content: str
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One receipt with its link. `signature` None: the next signed link covers it."""

    link: Link
    partner_id: UUID
    subject_id: UUID
    received_at: datetime
    content: Content
    salt: bytes
    key_id: str | None
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of one link."""

    sequence: int
    key_id: str
    signature: bytes


async def seed(uow: UnitOfWork) -> None:
    """The head's row, if it is not there: where the chain ends."""
    await uow.fetch(_SEED)


async def lock_head(uow: UnitOfWork) -> Head:
    """The end of the chain, held until the commit: everyone who registers waits for it, so nothing may be waited for afterwards."""
    return Head(*(await uow.fetch(_LOCK_HEAD))[0])


async def flush_and_lock_head(uow: UnitOfWork) -> Head:
    """`lock_head`, after everything else that the transaction has to write."""
    return Head(*(await uow.flush_and_fetch(_LOCK_HEAD))[0])


async def head(uow: UnitOfWork) -> Head:
    """The end of the chain, not locked."""
    return Head(*(await uow.fetch(_HEAD))[0])


async def append(
    uow: UnitOfWork, links: Sequence[Link], entries: Sequence[Entry], *, received_at: datetime, key_id: str, signature: bytes
) -> None:
    """Enter what follows the locked head; the signature is that of the last link."""
    _, content_hashes, previous, hashes = ([*column] for column in zip(*links, strict=True))
    await uow.send(
        _APPEND,
        len(links),
        links[-1].hash,
        received_at,
        key_id,
        signature,
        content_hashes,
        previous,
        hashes,
        [entry.partner_id for entry in entries],
        [entry.subject_id for entry in entries],
        [entry.content for entry in entries],
        [entry.salt for entry in entries],
    )


async def one(uow: UnitOfWork, sequence: int) -> Receipt:
    """The receipt of this sequence. Raises NotFound."""
    return _only(await uow.fetch(_ONE, sequence))


async def of_subject(uow: UnitOfWork, subject_id: UUID) -> Receipt:
    """The receipt of a deal or of a refusal. Raises NotFound."""
    return _only(await uow.fetch(_OF_SUBJECT, subject_id))


async def listed(uow: UnitOfWork, *, partner_id: UUID | None, after: int, limit: int) -> Sequence[Receipt]:
    """At most `limit` receipts after the sequence `after`, in order."""
    if partner_id is None:
        return [_read(row) for row in await uow.fetch(_LISTED, after, limit)]
    return [_read(row) for row in await uow.fetch(_LISTED_OF, after, limit, partner_id)]


async def links(uow: UnitOfWork, first: int, last: int, *, limit: int) -> list[Link]:
    """At most `limit` links from `first` to `last`, in order."""
    return [_link(row) for row in await uow.fetch(_LINKS, first, last, limit)]


async def signature_from(uow: UnitOfWork, sequence: int) -> Signature | None:
    """The first signature at this sequence or after it."""
    found = await uow.fetch(_SIGNED_AT, sequence)
    return Signature(found[0].sequence, found[0].key_id, bytes(found[0].signature)) if found else None


def _only(rows: Sequence[Row]) -> Receipt:
    if not rows:
        raise NotFound(what="receipt")
    return _read(rows[0])


def _link(row: Row) -> Link:
    return Link(row.sequence, bytes(row.content_hash), bytes(row.previous_hash), bytes(row.hash))


def _read(row: Row) -> Receipt:
    return Receipt(
        link=_link(row),
        partner_id=row.partner_id,
        subject_id=row.subject_id,
        received_at=row.received_at,
        content=orjson.loads(row.content),
        salt=bytes(row.salt),
        key_id=row.key_id,
        signature=bytes(row.signature) if row.signature is not None else None,
    )
