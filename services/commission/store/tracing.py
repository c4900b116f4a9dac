"""Where an entry came from and what became of its money: the deal's other entries, its transfers, the payout that took it along."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.commission.domain.entries import Account
from services.commission.store.reading import Shown, is_disputed, shown
from services.commission.store.tables import entries, transfers
from services.commission.store.tables_payouts import payouts
from shared.chassis.database import UnitOfWork

MOST = 250  # entries of one deal; a life of more is told by its latest


@dataclass(frozen=True, slots=True)
class Movement:
    """Minor units of the entry that went from one account to another."""

    at: datetime
    source: Account
    target: Account
    amount: int


@dataclass(frozen=True, slots=True)
class PaidBy:
    """A payout that took the whole payable balance along, this entry's money with it."""

    id: UUID
    state: str
    started_at: datetime
    amount: int
    pays_minor: int
    pays_currency: str
    rate: str | None
    rate_source: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """`related` are the partner's entries of the same deal in posting order, this one among them."""

    related: tuple[Shown, ...]
    movements: tuple[Movement, ...]
    paid_by: PaidBy | None


async def trace(uow: UnitOfWork, found: Shown) -> Trace:
    """All that is on record about the entry, within what the caller may see."""
    moved = await _movements(uow, found.entry.id)
    return Trace(await _related(uow, found), moved, await _paid_by(uow, found, moved))


async def _related(uow: UnitOfWork, found: Shown) -> tuple[Shown, ...]:
    entry = found.entry
    if entry.deal_id is None:
        return (found,)
    same = (entries.c.deal_id == entry.deal_id) & (entries.c.partner_id == entry.partner_id)
    rows = await uow.execute(sa.select(entries, is_disputed).where(same).order_by(entries.c.seq.desc()).limit(MOST))
    return tuple(reversed([shown(row) for row in rows]))


async def _movements(uow: UnitOfWork, entry_id: UUID) -> tuple[Movement, ...]:
    query = sa.select(transfers).where(transfers.c.entry_id == entry_id).order_by(transfers.c.recorded_at, transfers.c.id)
    return tuple(Movement(row.recorded_at, Account(row.source), Account(row.target), row.amount_minor) for row in await uow.execute(query))


async def _paid_by(uow: UnitOfWork, found: Shown, moved: tuple[Movement, ...]) -> PaidBy | None:
    """The first payout that started after the money was payable: payouts take the whole balance, not single entries."""
    since = next((each.at for each in reversed(moved) if each.target is Account.PAYABLE), None)
    if since is None or moved[-1].target is not Account.PAYABLE:
        return None
    columns = payouts.c
    theirs = (columns.partner_id == found.entry.partner_id) & (columns.currency == found.entry.currency)
    begun = (columns.started_at >= since) & columns.failed_at.is_(None)
    row = (await uow.execute(sa.select(payouts).where(theirs & begun).order_by(columns.started_at).limit(1))).first()
    if row is None:
        return None
    amounts = row.amount_minor, row.pays_minor, row.pays_currency
    return PaidBy(row.id, row.state, row.started_at, *amounts, row.rate, row.rate_source, row.reference)
