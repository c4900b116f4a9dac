"""Closes of deals as they stand, and each partner's revenue of them."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson

from services.tiering.domain.revenue import Close, Correction, Key, Share, Terms, revenue_by_partner
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row
from shared.chassis.money import Money

_TAKE = """
insert into closes (deal_id, close_number, partner_id, sequence, closed_at, currency, amount_minor, shares)
select d, n, p, s, c, u, a, h::jsonb
from unnest($1::uuid[], $2::int[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bigint[], $8::text[])
    as r(d, n, p, s, c, u, a, h)
order by d, n
on conflict (deal_id, close_number) do update set
    sequence = excluded.sequence, closed_at = excluded.closed_at, currency = excluded.currency,
    amount_minor = excluded.amount_minor, shares = excluded.shares
where closes.sequence < excluded.sequence"""
_KNOWN = """
select deal_id, close_number
from closes join unnest($1::uuid[], $2::int[]) as k(deal_id, close_number) using (deal_id, close_number)"""
_CORRECT = """
update closes set refunded_minor = refunded_minor + r.minor, reopened = reopened or r.undone
from (
    select d, n, sum(m)::bigint as minor, bool_or(u) as undone
    from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bool[]) as x(d, n, m, u) group by d, n
) r
where closes.deal_id = r.d and closes.close_number = r.n"""
_LOAD = """
select deal_id, close_number, partner_id, sequence, closed_at, currency, amount_minor, shares::text, refunded_minor, reopened
from closes join unnest($1::uuid[], $2::int[]) as k(deal_id, close_number) using (deal_id, close_number)"""
_CLEAR = """
delete from revenue using unnest($1::uuid[], $2::int[]) as k(deal_id, close_number)
where revenue.deal_id = k.deal_id and revenue.close_number = k.close_number"""
_COUNT = """
insert into revenue (deal_id, close_number, partner_id, closed_at, currency, revenue_minor)
select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[])"""


async def take_terms(uow: UnitOfWork, terms: Iterable[Terms]) -> None:
    """Keep the newest terms of each close."""
    newest: dict[Key, Terms] = {}
    for one in terms:
        held = newest.get(one.key)
        if held is None or held.sequence < one.sequence:
            newest[one.key] = one
    rows = [
        (t.deal_id, t.close_number, t.registrant, t.sequence, t.closed_at, t.amount.currency, t.amount.minor, _pack(t.shares))
        for t in newest.values()
    ]
    await uow.fetch(_TAKE, *_columns(rows))


async def known(uow: UnitOfWork, keys: Sequence[Key]) -> set[Key]:
    """Which of the closes are there."""
    rows = await uow.fetch(_KNOWN, *_columns(keys))
    return {(row[0], row[1]) for row in rows}


async def correct(uow: UnitOfWork, corrections: Iterable[Correction]) -> None:
    """Undo or lower closes that are there."""
    await uow.fetch(_CORRECT, *_columns([(one.deal_id, one.close_number, one.refunded_minor, one.undone) for one in corrections]))


async def recount(uow: UnitOfWork, keys: Iterable[Key]) -> None:
    """Make each partner's revenue of these closes what their present state says."""
    columns = _columns(sorted(set(keys)))
    rows = await uow.fetch(_LOAD, *columns)
    await uow.fetch(_CLEAR, *columns)
    counted = [
        (close.terms.deal_id, close.terms.close_number, partner, close.terms.closed_at, close.terms.amount.currency, minor)
        for close in map(_close, rows)
        for partner, minor in revenue_by_partner(close).items()
        if minor
    ]
    if counted:
        await uow.fetch(_COUNT, *_columns(counted))


def _close(row: Row) -> Close:
    shares = tuple(Share(UUID(partner), Fraction(share)) for partner, share in orjson.loads(row.shares))
    terms = Terms(
        row.deal_id, row.close_number, row.sequence, row.closed_at, Money(row.amount_minor, row.currency), shares, registrant=row.partner_id
    )
    return Close(terms, row.refunded_minor, row.reopened)


def _pack(shares: Iterable[Share]) -> str:
    return orjson.dumps([[str(credit.partner_id), str(credit.share)] for credit in shares]).decode()


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
