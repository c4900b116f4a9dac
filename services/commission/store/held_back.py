"""Statements that are held back: whose, since when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.chassis.database import UnitOfWork

_KEEP = """
insert into statements_held_back (partner_id, reason, since, tried_at) values ($1, $2, $3, $3)
on conflict (partner_id) do update set reason = excluded.reason, tried_at = excluded.tried_at"""
_CLEAR = "delete from statements_held_back where partner_id = $1"
_COUNT = "select count(*) from statements_held_back"
_PAGE = """
select partner_id, reason, since, tried_at from statements_held_back
where $1::uuid is null or partner_id > $1 order by partner_id limit $2"""
_MOST = 1000


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A partner whose next statement does not come out like the ledger."""

    partner_id: UUID
    reason: str
    since: datetime
    tried_at: datetime


async def keep(uow: UnitOfWork, partner_id: UUID, reason: str) -> None:
    """Remember that the partner's statement is held back."""
    await uow.fetch(_KEEP, partner_id, reason[:_MOST], uow.now)


async def clear(uow: UnitOfWork, partner_id: UUID) -> None:
    """The partner's statements are issued."""
    await uow.fetch(_CLEAR, partner_id)


async def count(uow: UnitOfWork) -> int:
    """How many partners wait for a statement that differs."""
    return int((await uow.fetch(_COUNT))[0][0])


async def page(uow: UnitOfWork, *, after: UUID | None, limit: int) -> Sequence[HeldBack]:
    """By partner."""
    return [HeldBack(*row) for row in await uow.fetch(_PAGE, after, limit)]
