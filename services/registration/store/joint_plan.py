"""Steps of joint plans in the store."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.coselling.joint_plan import PlanStep, StepId, StepState
from services.registration.domain.values import PartnerId
from services.registration.store.tables.coselling import cosell_steps as steps
from shared.chassis.database import UnitOfWork, every_partner
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound

_OVERDUE = """
select * from cosell_steps where state in ('planned', 'under_way') and not overdue_told and due_on < ($1 at time zone 'UTC')::date
order by due_on, id limit $2 for update skip locked"""


async def add(uow: UnitOfWork, step: PlanStep) -> None:
    await uow.execute(sa.insert(steps).values(_row(step)))


async def one(uow: UnitOfWork, agreement_id: UUID, step_id: UUID) -> PlanStep:
    """The step, locked: the caller's own, or any for the vendor. Raises NotFound."""
    query = sa.select(steps).where(steps.c.id == step_id, steps.c.agreement_id == agreement_id).with_for_update()
    row = (await uow.execute(query)).first()
    if row is None:
        raise NotFound(what="step")
    return _read(row)


async def save(uow: UnitOfWork, step: PlanStep) -> None:
    await uow.execute(sa.update(steps).where(steps.c.id == step.id).values(_row(step)))


async def plan_of(uow: UnitOfWork, agreement_id: UUID) -> list[PlanStep]:
    """Everybody's steps, by date; the caller was found to be a party of what is in force."""
    async with every_partner(uow):
        query = sa.select(steps).where(steps.c.agreement_id == agreement_id).order_by(steps.c.due_on, steps.c.id)
        return [_read(row) for row in (await uow.execute(query)).all()]


async def overdue(uow: UnitOfWork, *, limit: int) -> list[PlanStep]:
    """Steps whose day is over and of which nobody was told, locked."""
    return [_read(row) for row in await uow.fetch(_OVERDUE, uow.now, limit)]


def _row(step: PlanStep) -> dict[str, Any]:
    return {
        "id": step.id,
        "agreement_id": step.agreement_id,
        "partner_id": step.owner,
        "title": step.title,
        "due_on": step.due_on,
        "state": step.state.value,
        "notes": step.notes,
        "version": step.version,
        "overdue_told": step.overdue_told,
    }


def _read(row: Row) -> PlanStep:
    return PlanStep(
        id=StepId(row.id),
        agreement_id=row.agreement_id,
        owner=PartnerId(row.partner_id),
        title=row.title,
        due_on=row.due_on,
        state=StepState(row.state),
        notes=row.notes,
        version=row.version,
        overdue_told=row.overdue_told,
    )
