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

# Rows go as one JSON document each: measured, encoding arrays of 18 columns took longer than inserting them.
_JOURNAL = """
insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)
select partner_id, number, lead, fact_id, kind, $2, body::jsonb, $3
from rows from (json_to_recordset($1::text::json) as (partner_id uuid, number bigint, lead boolean, fact_id text, kind text, body json))
    with ordinality as r(partner_id, number, lead, fact_id, kind, body, n)
order by n"""
_STREAMS = "update streams s set posted = r.n from unnest($1::uuid[], $2::bigint[]) as r(p, n) where s.partner_id = r.p"
_DEALS = """
insert into deals (deal_id, partner_id, close_number, standing, revision, sale)
select id, partner_id, close_number, standing, revision, nullif(sale::text, 'null')::jsonb
from json_to_recordset($1::text::json)
    as r(id uuid, partner_id uuid, close_number int, standing text, revision int, sale json)
on conflict (deal_id) do update set close_number = excluded.close_number, standing = excluded.standing,
    revision = excluded.revision, sale = excluded.sale"""
_ENTRIES = """
insert into entries (id, partner_id, deal_id, close_number, fact_id, kind, amount_minor, revenue_minor, currency, plan_version,
    rule, month, closed_at, release_at, reason, reverses, derivation, recorded_at, due_at)
select id, partner_id, deal_id, close_number, fact_id, kind, amount, revenue, currency, plan_version,
    rule, month, closed_at, release_at, reason, reverses, derivation::jsonb, $2,
    case when kind = 'accrual' and id <> all($3::uuid[]) then release_at end
from rows from (json_to_recordset($1::text::json) as (id uuid, partner_id uuid, deal_id uuid, close_number int, fact_id text, kind text,
        amount bigint, revenue bigint, currency text, plan_version int, rule text, month date, closed_at timestamptz,
        release_at timestamptz, reason text, reverses uuid, derivation json))
    with ordinality as r(id, partner_id, deal_id, close_number, fact_id, kind, amount, revenue, currency, plan_version,
        rule, month, closed_at, release_at, reason, reverses, derivation, n)
order by n"""
_SETTLED = "update entries set due_at = null where id = any($1::uuid[])"
_TRANSFERS = """
insert into transfers (id, entry_id, partner_id, source, target, amount_minor, currency, recorded_at)
select id, entry_id, partner_id, source, target, amount, currency, $2
from json_to_recordset($1::text::json)
    as r(id uuid, entry_id uuid, partner_id uuid, source text, target text, amount bigint, currency text)"""
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
    touched = {deal.id for deal in pending} | {posting.deal.id for posting in postings}
    after = {deal_id: opened.book.deals[deal_id] for deal_id in touched}
    if after:
        await uow.fetch(_DEALS, encoded(list(after.values())))
    if not postings:
        return
    await _write_journal(uow, opened, postings)
    held = {entry_id for deal in after.values() for entry_id in _held(deal)}
    await _write_entries(uow, [entry for posting in postings for entry in posting.entries], held)
    before = {entry_id for deal_id, deal in opened.before.items() if deal_id in after for entry_id in _held(deal)}
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


async def _write_journal(uow: UnitOfWork, opened: Opened, postings: Sequence[Posting]) -> None:
    rows, posted = [], opened.posted
    for posting in postings:
        for index, partner_id in enumerate(posting.streams):
            posted[partner_id] += 1
            rows.append(
                {
                    "partner_id": partner_id,
                    "number": posted[partner_id],
                    "lead": index == 0,
                    "fact_id": posting.fact.id,
                    "kind": fact_kind(posting.fact),
                    "body": posting.fact,
                }
            )
    await uow.fetch(_JOURNAL, encoded(rows), opened.book.plan.latest, uow.now)
    moved = list({partner_id for posting in postings for partner_id in posting.streams})
    await uow.fetch(_STREAMS, moved, [posted[partner_id] for partner_id in moved])


async def _write_entries(uow: UnitOfWork, entries: Sequence[Entry], held: set[UUID]) -> None:
    if entries:
        settled = [entry.id for entry in entries if entry.kind is Kind.ACCRUAL and entry.id not in held]
        await uow.fetch(_ENTRIES, encoded(entries), uow.now, settled)


async def _write_transfers(uow: UnitOfWork, postings: Sequence[Posting]) -> None:
    """The transfers, and with them the balances of the accounts that they touch."""
    transfers = [transfer for posting in postings for transfer in posting.transfers]
    if not transfers:
        return
    await uow.fetch(_TRANSFERS, encoded(transfers), uow.now)
    changes: defaultdict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0, 0])
    for t in transfers:
        accounts = changes[t.partner_id, t.currency]
        for account, amount in ((t.source, -t.amount), (t.target, t.amount)):
            if account is not Account.EXPENSE:
                accounts[account is Account.PAYABLE] += amount
    balances = ((partner_id, currency, *accounts) for (partner_id, currency), accounts in sorted(changes.items()))
    await uow.fetch(_BALANCES, *_columns(balances))


async def _write_positions(uow: UnitOfWork, postings: Sequence[Posting]) -> None:
    deltas: dict[tuple[UUID, Any], int] = defaultdict(int)
    for posting in postings:
        for move in posting.moves:
            deltas[move.partner_id, move.month] += move.delta
    if deltas:
        rows = ((partner_id, month, delta) for (partner_id, month), delta in sorted(deltas.items()))
        await uow.fetch(_POSITIONS, *_columns(rows))
