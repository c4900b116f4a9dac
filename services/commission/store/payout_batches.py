"""Batches of payouts: read with the sums of their payouts, changed under the lock of their row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.commission.domain.payouts import Batch, BatchState, PayoutState
from services.commission.store.tables_payouts import payout_batches, payouts
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True)
class Step:
    """When a step was taken, and by whom."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Sum:
    """How many payouts of a batch are in a state (skipped ones: for a reason), and what they pay in all, in the batch's currency."""

    state: str
    reason: str | None
    count: int
    pays: int


@dataclass(frozen=True, slots=True)
class ShownBatch:
    """A batch with its history and the sums of its payouts."""

    batch: Batch
    number: int
    execute_on: date
    steps: dict[str, Step]
    sums: tuple[Sum, ...] = ()


async def add(uow: UnitOfWork, batch: Batch, *, execute_on: date) -> None:
    """Keep a new draft."""
    values = {"id": batch.id, "currency": batch.currency, "state": batch.state.value, "execute_on": execute_on}
    await uow.execute(sa.insert(payout_batches).values(**values, drafted_at=uow.now, drafted_by=batch.drafted_by))


async def held(uow: UnitOfWork, batch_id: UUID) -> ShownBatch:
    """The batch; nobody else changes it or its payouts until the transaction ends. Raises NotFound."""
    return await _one(uow, sa.select(payout_batches).where(payout_batches.c.id == batch_id).with_for_update())


async def get(uow: UnitOfWork, batch_id: UUID) -> ShownBatch:
    """The batch with its sums. Raises NotFound."""
    shown = await _one(uow, sa.select(payout_batches).where(payout_batches.c.id == batch_id))
    return (await _summed(uow, [shown]))[0]


async def page(uow: UnitOfWork, *, before: int | None, limit: int) -> Sequence[ShownBatch]:
    """Batches with their sums, the newest first."""
    query = sa.select(payout_batches).order_by(payout_batches.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(payout_batches.c.number < before)
    return await _summed(uow, [_shown(row) for row in await uow.execute(query)])


async def step(uow: UnitOfWork, batch: Batch, name: str, *, by: str) -> None:
    """Write the batch's state and that the step `name` (approved, started, cancelled, exported) was taken now."""
    values = {"state": batch.state.value, f"{name}_at": uow.now, f"{name}_by": by}
    await uow.execute(sa.update(payout_batches).where(payout_batches.c.id == batch.id).values(values))


async def save(uow: UnitOfWork, batch: Batch) -> None:
    """Write the batch's state alone."""
    await uow.execute(sa.update(payout_batches).where(payout_batches.c.id == batch.id).values(state=batch.state.value))


async def _one(uow: UnitOfWork, query: sa.Select[Any]) -> ShownBatch:
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        raise NotFound(what="payout batch")
    return _shown(row)


async def _summed(uow: UnitOfWork, found: list[ShownBatch]) -> list[ShownBatch]:
    skipped_for = sa.case((payouts.c.state == PayoutState.SKIPPED.value, payouts.c.reason))  # why one failed is free text
    keys = (payouts.c.batch_id, payouts.c.state, skipped_for)
    pays = sa.cast(sa.func.sum(payouts.c.pays_minor), sa.BigInteger)
    query = sa.select(*keys, sa.func.count(), pays).where(payouts.c.batch_id.in_([shown.batch.id for shown in found]))
    sums: dict[UUID, list[Sum]] = {}
    columns = sa.text("1, 2, 3")
    rows: Sequence[Any] = (await uow.execute(query.group_by(columns).order_by(columns))).all()
    for row in rows:
        sums.setdefault(row[0], []).append(Sum(row[1], row[2], row[3], row[4]))
    return [replace(shown, sums=tuple(sums.get(shown.batch.id, ()))) for shown in found]


def _shown(row: Any) -> ShownBatch:
    batch = Batch(row.id, row.currency, BatchState(row.state), row.drafted_by)
    steps = {}
    for name in ("drafted", "approved", "started", "cancelled", "exported"):
        if (at := getattr(row, f"{name}_at")) is not None:
            steps[name] = Step(at, getattr(row, f"{name}_by"))
    return ShownBatch(batch, row.number, row.execute_on, steps)
