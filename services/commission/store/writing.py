"""What a batch of postings did, written by a few set-based statements, whatever their number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from uuid import UUID

from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Kind, Transfer
from services.commission.domain.posting import Posting
from services.commission.store.encoding import encoded, fact_kind
from services.commission.store.loading import Opened
from shared.chassis.database import UnitOfWork

_DEALS = """
insert into deals (deal_id, partner_id, close_number, standing, revision, sale)
select id, partner_id, close_number, standing, revision, nullif(sale::text, 'null')::jsonb
from json_to_recordset($1::text::json)
    as r(id uuid, partner_id uuid, close_number int, standing text, revision int, sale json)
on conflict (deal_id) do update set close_number = excluded.close_number, standing = excluded.standing,
    revision = excluded.revision, sale = excluded.sale"""
_SETTLED = "update entries set due_at = null where id = any($1::uuid[])"
# One statement, since each costs its round trip; rows go as JSON documents, since encoding arrays of 18 columns took longer
# than inserting them. The partners' rows are locked before, so the order of its parts does not matter.
_POSTINGS = """
with journaled as (
    insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)
    select partner_id, number, lead, fact_id, kind, $9, body::jsonb, $8
    from rows from (json_to_recordset($1::text::json) as (partner_id uuid, number bigint, lead boolean, fact_id text, kind text, body json))
        with ordinality as r(partner_id, number, lead, fact_id, kind, body, n)
    order by n),
numbered as (
    update streams s set posted = r.posted
    from json_to_recordset($2::text::json) as r(partner_id uuid, posted bigint) where s.partner_id = r.partner_id),
entered as (
    insert into entries (id, partner_id, deal_id, close_number, fact_id, kind, amount_minor, revenue_minor, currency, plan_version,
        rule, month, closed_at, release_at, reason, reverses, derivation, recorded_at, due_at)
    select id, partner_id, deal_id, close_number, fact_id, kind, amount, revenue, currency, plan_version,
        rule, month, closed_at, release_at, reason, reverses, derivation::jsonb, $8,
        case when kind = 'accrual' and id <> all($7::uuid[]) then release_at end
    from rows from (json_to_recordset($3::text::json) as (id uuid, partner_id uuid, deal_id uuid, close_number int, fact_id text,
            kind text, amount bigint, revenue bigint, currency text, plan_version int, rule text, month date, closed_at timestamptz,
            release_at timestamptz, reason text, reverses uuid, derivation json))
        with ordinality as r(id, partner_id, deal_id, close_number, fact_id, kind, amount, revenue, currency, plan_version,
            rule, month, closed_at, release_at, reason, reverses, derivation, n)
    order by n),
moved as (
    insert into transfers (id, entry_id, partner_id, source, target, amount_minor, currency, recorded_at)
    select id, entry_id, partner_id, source, target, amount, currency, $8
    from json_to_recordset($4::text::json)
        as r(id uuid, entry_id uuid, partner_id uuid, source text, target text, amount bigint, currency text)),
positioned as (
    insert into positions (partner_id, month, revenue_minor)
    select partner_id, month, delta from json_to_recordset($5::text::json) as r(partner_id uuid, month date, delta bigint)
    on conflict (partner_id, month) do update set revenue_minor = positions.revenue_minor + excluded.revenue_minor)
insert into balances (partner_id, currency, held_minor, payable_minor)
select partner_id, currency, held, payable
from json_to_recordset($6::text::json) as r(partner_id uuid, currency text, held bigint, payable bigint)
on conflict (partner_id, currency) do update set held_minor = balances.held_minor + excluded.held_minor,
    payable_minor = balances.payable_minor + excluded.payable_minor"""

Row = dict[str, object]


async def write(uow: UnitOfWork, opened: Opened, postings: Sequence[Posting], *, pending: Iterable[Deal] = ()) -> None:
    """Write the postings in order; `pending` are deals to remember though their close still waits."""
    touched = {deal.id for deal in pending} | {posting.deal.id for posting in postings}
    after = {deal_id: opened.book.deals[deal_id] for deal_id in touched}
    if after:
        await uow.fetch(_DEALS, encoded(list(after.values())))
    if not postings:
        return
    held = {entry_id for deal in after.values() for entry_id in _held(deal)}
    before = {entry_id for deal_id, deal in opened.before.items() if deal_id in after for entry_id in _held(deal)}
    if settled := sorted(before - held):
        await uow.fetch(_SETTLED, settled)
    entries = [entry for posting in postings for entry in posting.entries]
    never_held = [entry.id for entry in entries if entry.kind is Kind.ACCRUAL and entry.id not in held]
    transfers = [transfer for posting in postings for transfer in posting.transfers]
    journal, streams = _journal(postings, opened.posted), _streams(postings, opened.posted)
    rows = (journal, streams, entries, transfers, _positions(postings), _balances(transfers))
    await uow.fetch(_POSTINGS, *map(encoded, rows), never_held, uow.now, opened.book.plan.latest)


def _held(deal: Deal) -> Iterator[UUID]:
    """Accruals of which something is still held."""
    if deal.sale is not None:
        for stake in deal.sale.stakes:
            if stake.left and not stake.released:
                yield stake.entry_id


def _journal(postings: Iterable[Posting], posted: dict[UUID, int]) -> list[Row]:
    """A row in each stream that a fact stands in, numbered on from what is posted there."""
    rows: list[Row] = []
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
    return rows


def _streams(postings: Iterable[Posting], posted: dict[UUID, int]) -> list[Row]:
    moved = {partner_id for posting in postings for partner_id in posting.streams}
    return [{"partner_id": partner_id, "posted": posted[partner_id]} for partner_id in moved]


def _balances(transfers: Iterable[Transfer]) -> list[Row]:
    """By how much the transfers change each partner's accounts."""
    changes: defaultdict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0, 0])
    for t in transfers:
        accounts = changes[t.partner_id, t.currency]
        for account, amount in ((t.source, -t.amount), (t.target, t.amount)):
            if account is not Account.EXPENSE:
                accounts[account is Account.PAYABLE] += amount
    return [
        {"partner_id": partner_id, "currency": currency, "held": held, "payable": payable}
        for (partner_id, currency), (held, payable) in changes.items()
    ]


def _positions(postings: Iterable[Posting]) -> list[Row]:
    """By how much the postings change each partner's counted revenue."""
    deltas: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    for posting in postings:
        for move in posting.moves:
            deltas[move.partner_id, move.month] += move.delta
    return [{"partner_id": partner_id, "month": month, "delta": delta} for (partner_id, month), delta in deltas.items()]
