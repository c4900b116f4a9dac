"""What a batch of postings did, written by a few set-based statements, whatever their number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Entry, Kind
from services.commission.domain.posting import Posting
from services.commission.store.encoding import encoded, fact_kind
from services.commission.store.loading import Opened
from shared.chassis.database import UnitOfWork

_JOURNAL = """
insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)
select p, n, l, f, k, $6, b::jsonb, $7
from unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $8::text[]) with ordinality as r(p, n, l, f, k, b, o)
order by o"""
_STREAMS = "update streams s set posted = r.n from unnest($1::uuid[], $2::bigint[]) as r(p, n) where s.partner_id = r.p"
_DEALS = """
insert into deals (deal_id, partner_id, close_number, standing, revision, sale)
select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[]::jsonb[])
on conflict (deal_id) do update set close_number = excluded.close_number, standing = excluded.standing,
    revision = excluded.revision, sale = excluded.sale"""
_ENTRIES = """
insert into entries (id, partner_id, deal_id, close_number, fact_id, kind, amount_minor, revenue_minor, currency, plan_version,
    rule, month, closed_at, release_at, reason, reverses, derivation, due_at, recorded_at)
select id, p, d, c, f, k, a, r, y, v, u, m, t, e, w, x, j::jsonb, q, $19
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::int[],
    $11::text[], $12::date[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::uuid[], $17::text[], $18::timestamptz[])
    with ordinality as z(id, p, d, c, f, k, a, r, y, v, u, m, t, e, w, x, j, q, o)
order by o"""
_SETTLED = "update entries set due_at = null where id = any($1::uuid[])"
_TRANSFERS = """
insert into transfers (id, entry_id, partner_id, source, target, amount_minor, currency, recorded_at)
select i, e, p, s, t, a, c, $8
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[]) as r(i, e, p, s, t, a, c)"""
_POSITIONS = """
insert into positions (partner_id, month, revenue_minor) select * from unnest($1::uuid[], $2::date[], $3::bigint[])
on conflict (partner_id, month) do update set revenue_minor = positions.revenue_minor + excluded.revenue_minor"""
_BALANCES = """
insert into balances (partner_id, currency, held_minor, payable_minor)
select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[])
on conflict (partner_id, currency) do update set held_minor = balances.held_minor + excluded.held_minor,
    payable_minor = balances.payable_minor + excluded.payable_minor"""


async def write(uow: UnitOfWork, opened: Opened, postings: Sequence[Posting], *, pending: Iterable[Deal] = ()) -> None:
    """Write the postings in order; `pending` are deals to remember though their close still waits."""
    touched = {posting.deal.id for posting in postings} | {deal.id for deal in pending}
    await _write_deals(uow, [opened.book.deals[deal_id] for deal_id in touched])
    if not postings:
        return
    await _write_journal(uow, opened, postings)
    held = {entry_id for deal_id in touched for entry_id in _held(opened.book.deals[deal_id])}
    await _write_entries(uow, [entry for posting in postings for entry in posting.entries], held)
    before = {entry_id for deal_id in touched if deal_id in opened.before for entry_id in _held(opened.before[deal_id])}
    if settled := sorted(before - held):
        await uow.fetch(_SETTLED, settled)
    await _write_transfers(uow, postings)
    await _write_positions(uow, postings)


def _held(deal: Deal) -> Iterator[UUID]:
    """Accruals of which something is still held."""
    if deal.sale is not None:
        for stake in deal.sale.stakes:
            if stake.left and not stake.released:
                yield stake.entry_id


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _write_deals(uow: UnitOfWork, deals: Sequence[Deal]) -> None:
    if deals:
        rows = ((d.id, d.partner_id, d.close_number, d.standing.value, d.revision, encoded(d.sale) if d.sale else None) for d in deals)
        await uow.fetch(_DEALS, *_columns(rows))


async def _write_journal(uow: UnitOfWork, opened: Opened, postings: Sequence[Posting]) -> None:
    rows = []
    for posting in postings:
        body, kind = encoded(posting.fact), fact_kind(posting.fact)
        for index, partner_id in enumerate(posting.streams):
            opened.posted[partner_id] += 1
            rows.append((partner_id, opened.posted[partner_id], index == 0, posting.fact.id, kind, body))
    partners, numbers, leads, facts, kinds, bodies = _columns(rows)
    await uow.fetch(_JOURNAL, partners, numbers, leads, facts, kinds, opened.book.plan.latest, uow.now, bodies)
    moved = list(dict.fromkeys(partners))
    await uow.fetch(_STREAMS, moved, [opened.posted[partner_id] for partner_id in moved])


async def _write_entries(uow: UnitOfWork, entries: Sequence[Entry], held: set[UUID]) -> None:
    if entries:
        await uow.fetch(_ENTRIES, *_columns(_entry_row(entry, held) for entry in entries), uow.now)


def _entry_row(entry: Entry, held: set[UUID]) -> tuple[Any, ...]:
    return (
        entry.id,
        entry.partner_id,
        entry.deal_id,
        entry.close_number,
        entry.fact_id,
        entry.kind.value,
        entry.amount,
        entry.revenue,
        entry.currency,
        entry.plan_version,
        entry.rule,
        entry.month,
        entry.closed_at,
        entry.release_at,
        entry.reason,
        entry.reverses,
        encoded(entry.derivation),
        entry.release_at if entry.kind is Kind.ACCRUAL and entry.id in held else None,
    )


async def _write_transfers(uow: UnitOfWork, postings: Sequence[Posting]) -> None:
    """The transfers, and with them the balances of the accounts that they touch."""
    rows = [(t.id, t.entry_id, t.partner_id, t.source.value, t.target.value, t.amount, t.currency) for p in postings for t in p.transfers]
    if not rows:
        return
    await uow.fetch(_TRANSFERS, *_columns(rows), uow.now)
    changes: dict[tuple[UUID, str], dict[Account, int]] = defaultdict(lambda: defaultdict(int))
    for posting in postings:
        for t in posting.transfers:
            changes[t.partner_id, t.currency][t.source] -= t.amount
            changes[t.partner_id, t.currency][t.target] += t.amount
    balances = ((partner, currency, by[Account.HELD], by[Account.PAYABLE]) for (partner, currency), by in sorted(changes.items()))
    await uow.fetch(_BALANCES, *_columns(balances))


async def _write_positions(uow: UnitOfWork, postings: Sequence[Posting]) -> None:
    deltas: dict[tuple[UUID, Any], int] = defaultdict(int)
    for posting in postings:
        for move in posting.moves:
            deltas[move.partner_id, move.month] += move.delta
    if deltas:
        rows = ((partner_id, month, delta) for (partner_id, month), delta in sorted(deltas.items()))
        await uow.fetch(_POSITIONS, *_columns(rows))
