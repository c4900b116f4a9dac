"""What a batch of postings did, written by a few set-based statements, whatever their number."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

from services.commission.domain.deal import Deal
from services.commission.domain.entries import Account, Entry, Kind, Transfer
from services.commission.domain.facts import Frozen, Rate
from services.commission.domain.outcome import Posting
from services.commission.domain.positions import OF_DEALS
from services.commission.store.encoding import encoded, fact_kind
from services.commission.store.loading import Opened
from shared.chassis.database import UnitOfWork

_DEALS = """
insert into deals (deal_id, partner_id, close_number, standing, revision, sale)
select d, p, c, s, r, j::jsonb from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[]) as z(d, p, c, s, r, j)
on conflict (deal_id) do update set close_number = excluded.close_number, standing = excluded.standing,
    revision = excluded.revision, sale = excluded.sale, partner_id = excluded.partner_id"""
_SETTLED = "update entries set due_at = null where id = any($1::uuid[])"
_DUE_AGAIN = "update entries set due_at = greatest(release_at, $2), released_at = null where id = any($1::uuid[])"
_FROZEN = "update entries set released_at = null where id = any($1::uuid[])"
# One statement, since each costs its round trip. Rows of many columns go as a JSON document, since encoding them as arrays takes
# longer than inserting them; what is stored as a document goes beside it, so that it is parsed once. The partners' rows are
# locked before, so the order of the parts does not matter.
_POSTINGS = """
with journaled as (
    insert into journal (partner_id, number, lead, fact_id, kind, plan_known, body, recorded_at)
    select p, n, l, f, k, $15, b::jsonb, $14
    from unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::text[]) with ordinality as r(p, n, l, f, k, b, o)
    order by o),
numbered as (
    update streams s set posted = r.posted
    from json_to_recordset($7::text::json) as r(partner_id uuid, posted bigint) where s.partner_id = r.partner_id),
entered as (
    insert into entries (id, partner_id, deal_id, close_number, fact_id, kind, amount_minor, revenue_minor, currency, plan_version,
        rule, month, closed_at, release_at, reason, reverses, derivation, recorded_at, due_at)
    select id, partner_id, deal_id, close_number, fact_id, kind, amount, revenue, currency, plan_version,
        rule, month, closed_at, release_at, reason, reverses, derivation::jsonb, $14,
        case when kind in ('accrual', 'spiff') and id <> all($13::uuid[]) then release_at end
    from rows from (json_to_recordset($8::text::json) as (id uuid, partner_id uuid, deal_id uuid, close_number int, fact_id text,
            kind text, amount bigint, revenue bigint, currency text, plan_version int, rule text, month date, closed_at timestamptz,
            release_at timestamptz, reason text, reverses uuid), unnest($9::text[]))
        with ordinality as r(id, partner_id, deal_id, close_number, fact_id, kind, amount, revenue, currency, plan_version,
            rule, month, closed_at, release_at, reason, reverses, derivation, o)
    order by o),
moved as (
    insert into transfers (id, entry_id, partner_id, source, target, amount_minor, currency, recorded_at)
    select id, entry_id, partner_id, source, target, amount, currency, $14
    from json_to_recordset($10::text::json)
        as r(id uuid, entry_id uuid, partner_id uuid, source text, target text, amount bigint, currency text)),
positioned as (
    insert into positions (partner_id, month, revenue_minor, earned_minor)
    select partner_id, month, revenue, earned
    from json_to_recordset($11::text::json) as r(partner_id uuid, month date, revenue bigint, earned bigint)
    on conflict (partner_id, month) do update set revenue_minor = positions.revenue_minor + excluded.revenue_minor,
        earned_minor = positions.earned_minor + excluded.earned_minor)
insert into balances (partner_id, currency, held_minor, payable_minor, in_payout_minor, paid_minor)
select partner_id, currency, held, payable, in_payout, paid from json_to_recordset($12::text::json)
    as r(partner_id uuid, currency text, held bigint, payable bigint, in_payout bigint, paid bigint)
on conflict (partner_id, currency) do update set held_minor = balances.held_minor + excluded.held_minor,
    payable_minor = balances.payable_minor + excluded.payable_minor,
    in_payout_minor = balances.in_payout_minor + excluded.in_payout_minor, paid_minor = balances.paid_minor + excluded.paid_minor"""
_TALLIES = """
insert into tallies (partner_id, name, amount)
select p, n, sum(d)::bigint from unnest($1::uuid[], $2::text[], $3::bigint[]) as r(p, n, d) group by 1, 2 order by 1, 2
on conflict (partner_id, name) do update set amount = tallies.amount + excluded.amount"""
_RATES = """
insert into fx_rates (from_currency, to_currency, day, rate, source, body, recorded_at)
select f, t, d, r, s, b::jsonb, $7
from unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::text[]) as z(f, t, d, r, s, b)
on conflict do nothing"""
_HELD_AT_FIRST = frozenset({Kind.ACCRUAL, Kind.SPIFF})
_ENTRY_FIELDS = tuple(name for name in Entry.__struct_fields__ if name != "derivation")
_entry_values = attrgetter(*_ENTRY_FIELDS)

_ACCOUNTS = tuple(Account)  # whose iterator is slow
_COLUMNS = {Account.HELD: "held", Account.PAYABLE: "payable", Account.IN_PAYOUT: "in_payout", Account.PAID: "paid"}

Row = dict[str, object]


async def write(
    uow: UnitOfWork,
    opened: Opened,
    postings: Sequence[Posting],
    *,
    pending: Iterable[Deal] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Write the postings in order; `pending` are deals to remember though their close still waits.

    `meanwhile` (no statements in it) runs while PostgreSQL works: it has half of a batch's time to itself.
    """
    touched = {deal.id for deal in pending} | {posting.deal.id for posting in postings if posting.deal}
    after = {deal_id: opened.book.deals[deal_id] for deal_id in touched}
    if not after and not postings:
        return
    if after:
        await uow.send(_DEALS, *_deals(after.values()))
    held = {entry_id for deal in after.values() for entry_id in _held(deal)}
    before = {entry_id for deal_id, deal in opened.before.items() if deal_id in after for entry_id in _held(deal)}
    arguments = _arguments(opened, postings, held=held, now=uow.now) if postings else ()
    await no_longer_due(uow, sorted(before - held))
    if arguments:
        await uow.send(_POSTINGS, *arguments)
        meanwhile()
    if again := sorted(held - before - {entry.id for posting in postings for entry in posting.entries}):
        await uow.fetch(_DUE_AGAIN, again, uow.now)
    await _sums(uow, postings)
    if frozen := [p.fact.entry_id for p in postings if isinstance(p.fact, Frozen) and p.fact.amount is None]:
        await uow.fetch(_FROZEN, frozen)


async def _sums(uow: UnitOfWork, postings: Sequence[Posting]) -> None:
    """What few postings have: sums for limits and bonuses, and exchange rates."""
    if changes := [(tally.partner_id, tally.name, tally.delta) for posting in postings for tally in posting.tallies]:
        await uow.fetch(_TALLIES, *map(list, zip(*changes, strict=True)))
    rates = [posting.fact for posting in postings if isinstance(posting.fact, Rate)]
    if rates:
        rows = [(r.from_currency, r.to_currency, r.day, str(r.rate), r.source, encoded(r)) for r in rates]
        await uow.fetch(_RATES, *map(list, zip(*rows, strict=True)), uow.now)


async def no_longer_due(uow: UnitOfWork, entry_ids: Sequence[UUID]) -> None:
    """Nothing of these entries is held any more: the timer that ends holds need not look at them."""
    if entry_ids:
        await uow.fetch(_SETTLED, entry_ids)


def _arguments(opened: Opened, postings: Sequence[Posting], *, held: Container[UUID], now: datetime) -> tuple[object, ...]:
    entries = [entry for posting in postings for entry in posting.entries]
    never_held = [entry.id for entry in entries if entry.kind in _HELD_AT_FIRST and entry.id not in held]
    transfers = [transfer for posting in postings for transfer in posting.transfers]
    journal = _journal(postings, opened.posted)
    documents = (
        encoded(_streams(postings, opened.posted)),
        encoded([dict(zip(_ENTRY_FIELDS, _entry_values(entry), strict=True)) for entry in entries]),
        [encoded(entry.derivation) for entry in entries],
        *map(encoded, (transfers, _positions(postings), _balances(transfers))),
    )
    return (*journal, *documents, never_held, now, opened.book.plan.latest)


def _held(deal: Deal) -> Iterator[UUID]:
    """Accruals of which something is still held."""
    for sale in deal.sales:
        for stake in sale.stakes:
            if stake.held:
                yield stake.entry_id


def _deals(deals: Iterable[Deal]) -> list[list[object]]:
    rows = [(d.id, d.partner_id, d.close_number, d.standing, d.revision, encoded(d.sale) if d.sale else None) for d in deals]
    return [list(column) for column in zip(*rows, strict=True)]


def _journal(postings: Iterable[Posting], posted: dict[UUID, int]) -> list[list[object]]:
    """Columns of a row in each stream that a fact stands in, numbered on from what is posted there."""
    rows = []
    for posting in postings:
        body, kind = encoded(posting.fact), fact_kind(posting.fact)
        for index, partner_id in enumerate(posting.streams):
            posted[partner_id] += 1
            rows.append((partner_id, posted[partner_id], index == 0, posting.fact.id, kind, body))
    return [list(column) for column in zip(*rows, strict=True)]


def _streams(postings: Iterable[Posting], posted: dict[UUID, int]) -> list[Row]:
    moved = {partner_id for posting in postings for partner_id in posting.streams}
    return [{"partner_id": partner_id, "posted": posted[partner_id]} for partner_id in moved]


def _balances(transfers: Iterable[Transfer]) -> list[Row]:
    """By how much the transfers change each partner's accounts."""
    changes: dict[tuple[UUID, str], dict[Account, int]] = {}
    for t in transfers:
        accounts = changes.setdefault((t.partner_id, t.currency), dict.fromkeys(_ACCOUNTS, 0))
        accounts[t.source] -= t.amount
        accounts[t.target] += t.amount
    return [
        {"partner_id": partner_id, "currency": currency, **{column: accounts[account] for account, column in _COLUMNS.items()}}
        for (partner_id, currency), accounts in changes.items()
    ]


def _positions(postings: Iterable[Posting]) -> list[Row]:
    """By how much the postings change each partner's counted revenue and commission of a month."""
    revenues, commissions = (defaultdict[tuple[UUID, date], int](int) for _ in range(2))
    for posting in postings:
        for move in posting.moves:
            revenues[move.partner_id, move.month] += move.delta
        for entry in posting.entries:
            if entry.amount and entry.kind in OF_DEALS:
                commissions[entry.partner_id, entry.month] += entry.amount
    changed = revenues.keys() | commissions.keys()
    return [{"partner_id": key[0], "month": key[1], "revenue": revenues[key], "earned": commissions[key]} for key in changed]
