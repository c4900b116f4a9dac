"""Banks' reports as they came: each once, under the name that its bank gave it, with what became of every line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.commission.domain.bank_reports import Outcome, Result
from services.commission.store.tables_bank_reports import bank_reports
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Taken:
    """A report on record. `batch_id` is None where it is about no batch that was sent."""

    seq: int
    message_id: str
    body_hash: bytes
    batch_id: UUID | None
    received_at: datetime
    received_by: str
    outcomes: tuple[Outcome, ...]


async def find(uow: UnitOfWork, message_id: str) -> Taken | None:
    """The report of that name, if it came already."""
    row = (await uow.execute(sa.select(bank_reports).where(bank_reports.c.message_id == message_id))).one_or_none()
    return None if row is None else _taken(row)


async def add(uow: UnitOfWork, message_id: str, *, body_hash: bytes, batch_id: UUID | None, by: str, outcomes: Sequence[Outcome]) -> Taken:
    """Keep a report with what it did."""
    row = {"message_id": message_id, "body_hash": body_hash, "batch_id": batch_id, "received_at": uow.now, "received_by": by}
    written = [_written(outcome) for outcome in outcomes]
    inserted = await uow.execute(sa.insert(bank_reports).values(**row, outcomes=written).returning(bank_reports))
    return _taken(inserted.one())


async def page(uow: UnitOfWork, *, before: int | None, limit: int) -> Sequence[Taken]:
    """Reports, the newest first."""
    query = sa.select(bank_reports).order_by(bank_reports.c.seq.desc()).limit(limit)
    if before is not None:
        query = query.where(bank_reports.c.seq < before)
    return [_taken(row) for row in await uow.execute(query)]


def _taken(row: Any) -> Taken:
    outcomes = tuple(map(_outcome, row.outcomes))
    return Taken(row.seq, row.message_id, bytes(row.body_hash), row.batch_id, row.received_at, row.received_by, outcomes)


def _written(outcome: Outcome) -> dict[str, str | None]:
    known = str(outcome.payout_id) if outcome.payout_id else None
    told = {"payment": outcome.payment, "status": outcome.status, "reason": outcome.reason}
    return {**told, "payout_id": known, "result": outcome.result.value}


def _outcome(body: dict[str, str | None]) -> Outcome:
    payout_id = body["payout_id"]
    known = UUID(payout_id) if payout_id else None
    return Outcome(str(body["payment"]), known, str(body["status"]), body["reason"], Result(str(body["result"])))
