"""Payouts: what is payable to whom, one row for each payment or reason, and the rate that converts it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.commission.domain.payouts import Candidate, Payee, Payout, PayoutState, Rate, Skip, Standing
from services.commission.store.tables_payouts import payouts
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

PORTION = 5_000
_PAYEE = "p.name, p.currency, p.details, p.tax_form, p.tax_form_until, p.blocked"
_CANDIDATES = f"""
select b.partner_id, b.currency, b.payable_minor, coalesce(s.standing, 'active'), p.account, p.account_hint, {_PAYEE}
from balances b left join payees p on p.partner_id = b.partner_id left join partner_standings s on s.partner_id = b.partner_id
where b.payable_minor <> 0 and coalesce(p.currency, b.currency) = $1 and (b.partner_id, b.currency) > ($2, $3)
    and not exists (select from payouts o where o.partner_id = b.partner_id and o.currency = b.currency and o.state = 'drafted')
order by b.partner_id, b.currency limit $4"""  # noqa: S608 - column names only
_WHO = f"""
select r.n, coalesce(s.standing, 'active'), {_PAYEE}
from unnest($1::uuid[]) with ordinality as r(partner_id, n)
left join payees p on p.partner_id = r.partner_id left join partner_standings s on s.partner_id = r.partner_id order by r.n"""  # noqa: S608
_RATE = "select rate, source from fx_rates where from_currency = $1 and to_currency = $2 and day = $3"
_DRAFTED = """
select count(*), count(*) filter (where p.details_by = $2) from payouts o left join payees p on p.partner_id = o.partner_id
where o.batch_id = $1 and o.state = 'drafted'"""
_SKIP = """
update payouts o set state = 'skipped', reason = r.reason
from unnest($1::uuid[], $2::text[]) as r(id, reason) where o.id = r.id"""
_FAIL = """
update payouts o set state = 'failed', failed_at = $3, reason = r.reason
from unnest($1::uuid[], $2::text[]) as r(id, reason) where o.id = r.id"""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate with its sealed account."""

    candidate: Candidate
    account: bytes | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class Drafted:
    """A payout to keep, with what only its file needs."""

    payout: Payout
    rate: Rate | None
    name: str | None
    account: bytes | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class ShownPayout:
    """A payout as stored. `account` is sealed."""

    seq: int
    payout: Payout
    rate: Rate | None
    name: str | None
    account: bytes | None
    hint: str | None
    drafted_at: datetime
    started_at: datetime | None
    paid_at: datetime | None
    failed_at: datetime | None
    reference: str | None


async def candidates(uow: UnitOfWork, currency: str) -> AsyncIterator[Found]:
    """Every balance that is not 0, would be paid in `currency` and stands in no draft; by partner."""
    after: tuple[UUID, str] = (UUID(int=0), "")
    while True:
        rows = await uow.fetch(_CANDIDATES, currency, *after, PORTION)
        for partner_id, books, payable, standing, account, hint, *payee in rows:
            yield Found(Candidate(partner_id, books, payable, _payee(partner_id, payee), Standing(standing)), account, hint)
        if len(rows) < PORTION:
            return
        after = rows[-1][0], rows[-1][1]


async def whom(uow: UnitOfWork, partner_ids: Sequence[UUID]) -> list[tuple[Payee | None, Standing]]:
    """Payee and standing of each of these partners as they are now."""
    rows = await uow.fetch(_WHO, list(partner_ids))
    return [(_payee(partner_ids[n - 1], payee), Standing(standing)) for n, standing, *payee in rows]


def _payee(partner_id: UUID, columns: Sequence[Any]) -> Payee | None:
    name, currency, *others = columns
    return None if name is None else Payee(partner_id, name, currency, *others)


async def rate(uow: UnitOfWork, currency: str, to: str, *, day: date) -> Rate | None:
    """The recorded rate of that programme day."""
    rows = await uow.fetch(_RATE, currency, to, day)
    return Rate(Fraction(rows[0][0]), day, rows[0][1]) if rows else None


async def drafted(uow: UnitOfWork, batch_id: UUID, *, details_by: str) -> tuple[int, int]:
    """How many payouts the batch would make, and how many of them to a payee whose name, currency or account that person set last."""
    count, own = (await uow.fetch(_DRAFTED, batch_id, details_by))[0]
    return count, own


async def add(uow: UnitOfWork, drafted: Sequence[Drafted]) -> None:
    """Keep the payouts of a draft in their order."""
    if drafted:
        await uow.execute(sa.insert(payouts), [_row(each, uow.now) for each in drafted])


def _row(drafted: Drafted, now: datetime) -> dict[str, object]:
    payout, rate_ = drafted.payout, drafted.rate
    return {
        "id": payout.id,
        "batch_id": payout.batch_id,
        "partner_id": payout.partner_id,
        "currency": payout.currency,
        "amount_minor": payout.amount,
        "pays_currency": payout.pays_currency,
        "pays_minor": payout.pays,
        "state": payout.state.value,
        "reason": payout.reason,
        "details": payout.details,
        "rate": rate_.text if rate_ else None,
        "rate_day": rate_.day if rate_ else None,
        "rate_source": rate_.source if rate_ else None,
        "name": drafted.name,
        "account": drafted.account,
        "account_hint": drafted.hint,
        "drafted_at": now,
    }


async def of_batch(uow: UnitOfWork, batch_id: UUID, *states: PayoutState) -> list[ShownPayout]:
    """The batch's payouts in these states, by partner."""
    query = sa.select(payouts).where(payouts.c.batch_id == batch_id, payouts.c.state.in_([state.value for state in states]))
    return [_shown(row) for row in await uow.execute(query.order_by(payouts.c.partner_id, payouts.c.currency))]


async def page(
    uow: UnitOfWork, *, after: int, limit: int, filters: Mapping[str, object | None], hidden: Sequence[PayoutState] = ()
) -> list[ShownPayout]:
    """Payouts in the order of their drafts, whose columns equal the filters that are not None."""
    query = sa.select(payouts).where(payouts.c.seq > after).order_by(payouts.c.seq).limit(limit)
    query = query.where(payouts.c.state.not_in([state.value for state in hidden]))
    for name, value in filters.items():
        if value is not None:
            query = query.where(payouts.c[name] == value)
    return [_shown(row) for row in await uow.execute(query)]


async def get(uow: UnitOfWork, payout_id: UUID) -> ShownPayout:
    """One payout. Raises NotFound."""
    row = (await uow.execute(sa.select(payouts).where(payouts.c.id == payout_id))).one_or_none()
    if row is None:
        raise NotFound(what="payout")
    return _shown(row)


async def covering(uow: UnitOfWork, partner_id: UUID, currency: str, *, payable_since: datetime) -> ShownPayout | None:
    """The payout that took along what was payable since then: a draft takes the whole balance, so it is the next that went out."""
    query = (
        sa.select(payouts)
        .where(payouts.c.partner_id == partner_id, payouts.c.currency == currency, payouts.c.drafted_at >= payable_since)
        .where(payouts.c.state.in_([PayoutState.IN_PAYOUT.value, PayoutState.PAID.value]))
        .order_by(payouts.c.seq)
        .limit(1)
    )
    row = (await uow.execute(query)).one_or_none()
    return None if row is None else _shown(row)


async def start(uow: UnitOfWork, payout_ids: Sequence[UUID]) -> None:
    """They are under way."""
    await _set(uow, payout_ids, state=PayoutState.IN_PAYOUT.value, started_at=uow.now)


async def confirm(uow: UnitOfWork, payout_ids: Sequence[UUID], *, at: datetime, reference: str | None) -> None:
    """They arrived."""
    await _set(uow, payout_ids, state=PayoutState.PAID.value, paid_at=at, reference=reference)


async def skip(uow: UnitOfWork, reasons: Mapping[UUID, Skip]) -> None:
    """They are not paid after all."""
    if reasons:
        await uow.fetch(_SKIP, list(reasons), [reason.value for reason in reasons.values()])


async def fail(uow: UnitOfWork, reasons: Mapping[UUID, str]) -> None:
    """They came back."""
    await uow.fetch(_FAIL, list(reasons), list(reasons.values()), uow.now)


async def cancel(uow: UnitOfWork, batch_id: UUID) -> None:
    """What the batch would have paid is free for another draft."""
    drafted = (payouts.c.batch_id == batch_id) & (payouts.c.state == PayoutState.DRAFTED.value)
    await uow.execute(sa.update(payouts).where(drafted).values(state=PayoutState.CANCELLED.value))


async def _set(uow: UnitOfWork, payout_ids: Sequence[UUID], **values: object) -> None:
    if payout_ids:
        await uow.execute(sa.update(payouts).where(payouts.c.id == sa.any_(sa.literal(list(payout_ids), sa.ARRAY(sa.Uuid)))).values(values))


def _shown(row: Any) -> ShownPayout:
    payout = Payout(
        id=row.id,
        batch_id=row.batch_id,
        partner_id=row.partner_id,
        currency=row.currency,
        amount=row.amount_minor,
        pays_currency=row.pays_currency,
        pays=row.pays_minor,
        state=PayoutState(row.state),
        reason=row.reason,
        details=row.details,
    )
    rate_ = Rate(Fraction(row.rate), row.rate_day, row.rate_source) if row.rate else None
    times = (row.drafted_at, row.started_at, row.paid_at, row.failed_at)
    return ShownPayout(row.seq, payout, rate_, row.name, row.account, row.account_hint, *times, row.reference)
