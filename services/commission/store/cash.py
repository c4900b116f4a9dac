"""Invoices and payments as they came in: kept once, told once their deal is known, and marked with what became of them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.commission.domain.cash import CashKind, Document
from services.commission.domain.waits import Reason
from services.commission.store.tables_intake import cash as cash_table
from shared.chassis.database import UnitOfWork
from shared.chassis.money import Money

_KEEP = """
insert into cash (kind, reference, deal_id, source, external_id, close_number, amount_minor, currency, at, body_hash,
    state, reason, recorded_by, recorded_at)
select k, r, d, s, e, c, a, u, t, h, 'waiting', $13, $11, $12
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::text[], $9::timestamptz[],
    $10::bytea[]) with ordinality as z(k, r, d, s, e, c, a, u, t, h, n)
order by n on conflict (kind, reference) do nothing returning seq"""
_COLUMNS = """seq, kind, reference, amount_minor, currency, at, deal_id, source, external_id, close_number, partner_id, state, reason,
    message, recorded_at, body_hash"""
_SHOWN = [cash_table.c[name.strip()] for name in _COLUMNS.split(",")]
_NAMED = f"""
select {_COLUMNS} from unnest($1::text[], $2::text[]) as z(k, r) join cash on kind = k and reference = r"""  # noqa: S608 - column names
# A deal that is open again has no close that could be meant, unless the document names one.
_KNOWN = """
select c.seq, d.deal_id, d.partner_id, coalesce(c.close_number, d.close_number)
from cash c
left join deal_origins o on c.deal_id is null and o.source = c.source and o.external_id = c.external_id
join deals d on d.deal_id = coalesce(c.deal_id, o.deal_id)
where c.event_id is null and ($1::bigint[] is null or c.seq = any($1)) and (c.close_number is not null or d.standing <> 'reopened')
order by c.seq limit $2 for update of c skip locked"""
_BY_SEQ = f"select {_COLUMNS} from cash where seq = any($1::bigint[]) order by seq"  # noqa: S608 - column names
_TOLD = """
update cash c set state = 'sent', reason = null, event_id = z.i, deal_id = z.d, partner_id = z.p, close_number = z.n
from unnest($1::bigint[], $2::text[], $3::uuid[], $4::uuid[], $5::int[]) as z(s, i, d, p, n) where c.seq = z.s"""
_SETTLE = """
update cash c set state = case when r.event_id is not null then 'refused' when w.event_id is not null then 'waiting' else 'booked' end,
    reason = coalesce(r.code, w.reason), message = r.message
from unnest($1::text[]) as z(i)
left join refusals r on r.event_id = z.i
left join waiting_facts w on w.event_id = z.i
where c.event_id = z.i"""
_ORIGINS = """
insert into deal_origins (source, external_id, deal_id) select s, e, d from unnest($1::text[], $2::text[], $3::uuid[]) as z(s, e, d)
order by s, e on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document on record. `state`: waiting (with `reason`), sent, booked, or refused (`reason` is the code, `message` the sentence)."""

    seq: int
    document: Document
    partner_id: UUID | None
    state: str
    reason: str | None
    message: str | None
    recorded_at: datetime
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The close that a document belongs to."""

    kept: Kept
    deal_id: UUID
    partner_id: UUID
    close_number: int


def hash_of(document: Document) -> bytes:
    """What a document says, in short: the same document again is no other one."""
    return hashlib.sha256(repr(document).encode()).digest()


async def keep(uow: UnitOfWork, documents: Sequence[Document], *, by: str) -> set[int]:
    """Keep those whose reference is new among their kind; their serial numbers."""
    columns = [[getattr(each, name) for each in documents] for name in ("kind", "reference", "deal_id", "source", "external_id")]
    amounts = [each.amount.minor for each in documents], [each.amount.currency for each in documents]
    rest = [each.close_number for each in documents], *amounts, [each.at for each in documents], [hash_of(each) for each in documents]
    return {row[0] for row in await uow.fetch(_KEEP, *columns, *rest, by, uow.now, Reason.DEAL_UNKNOWN.value)}


async def named(uow: UnitOfWork, documents: Sequence[Document]) -> dict[tuple[CashKind, str], Kept]:
    """What is on record under the documents' references."""
    rows = await uow.fetch(_NAMED, [each.kind for each in documents], [each.reference for each in documents])
    found = [_kept(row) for row in rows]
    return {(each.document.kind, each.document.reference): each for each in found}


async def page(uow: UnitOfWork, kind: CashKind, *, after: int, limit: int, filters: Mapping[str, object]) -> Sequence[Kept]:
    """Documents of a kind as they came in; `filters` are columns that must equal what is not None."""
    query = sa.select(*_SHOWN).where(cash_table.c.kind == kind.value, cash_table.c.seq > after).order_by(cash_table.c.seq).limit(limit)
    for name, value in filters.items():
        if value is not None:
            query = query.where(cash_table.c[name] == value)
    return [_kept(row) for row in await uow.execute(query)]


async def untold(uow: UnitOfWork, *, seqs: Sequence[int] | None, most: int) -> list[Found]:
    """Documents (those of `seqs`, or all) that nobody was told of and whose close is known by now, locked, as they came in."""
    rows = await uow.fetch(_KNOWN, seqs, most)
    if not rows:
        return []
    kept = {each.seq: each for each in map(_kept, await uow.fetch(_BY_SEQ, [row[0] for row in rows]))}
    return [Found(kept[row[0]], row[1], row[2], row[3]) for row in rows]


async def told(uow: UnitOfWork, events: Sequence[tuple[Found, str]]) -> None:
    """Note the event by which each was told."""
    columns = [
        [found.kept.seq for found, _ in events],
        [event_id for _, event_id in events],
        [found.deal_id for found, _ in events],
        [found.partner_id for found, _ in events],
        [found.close_number for found, _ in events],
    ]
    await uow.fetch(_TOLD, *columns)


async def settle(uow: UnitOfWork, event_ids: Sequence[str]) -> None:
    """Note what became of the documents that these events told of: booked, refused, or waiting in the books."""
    await uow.fetch(_SETTLE, list(event_ids))


async def note_origins(uow: UnitOfWork, origins: Sequence[tuple[str, str, UUID]]) -> None:
    """Remember deals by (source, external id)."""
    await uow.fetch(_ORIGINS, *(list(column) for column in zip(*origins, strict=True)))


def _kept(row: Any) -> Kept:
    seq, kind, reference, minor, currency, at, deal_id, source, external_id, close_number, *rest = row
    partner_id, state, reason, message, recorded_at, body_hash = rest
    document = Document(CashKind(kind), reference, Money(minor, currency), at, deal_id, source, external_id, close_number)
    return Kept(seq, document, partner_id, state, reason, message, recorded_at, bytes(body_hash))
