"""The joint plan: parties add and move their own steps; one that is overdue is told of once."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.registration.domain.coselling import joint_plan as rules
from services.registration.domain.coselling.agreement import Signer
from services.registration.domain.coselling.joint_plan import PlanStep, StepId, StepState
from services.registration.domain.values import PartnerId
from services.registration.mapping.coselling import step_overdue
from services.registration.store import coselling, joint_plan
from services.registration.use_cases.change import Expects, any_version
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id
from shared.chassis.values import replace

_PORTION = 200


@dataclass(frozen=True, slots=True)
class OneStep:
    """Which step is to be moved, and the versions the caller is willing to change."""

    agreement_id: UUID
    step_id: UUID
    expects: Expects = any_version


async def add_step(
    uow: UnitOfWork, agreement_id: UUID, *, owner: PartnerId, by: Signer, title: str, due_on: date, notes: str | None
) -> PlanStep:
    """Raises NotFound, NothingInForce, NoSide, StepOfOther."""
    rules.check_owner(await coselling.one(uow, agreement_id), owner, by=by)
    step = PlanStep(id=StepId(new_id()), agreement_id=agreement_id, owner=owner, title=title, due_on=due_on, notes=notes)
    await joint_plan.add(uow, step)
    return step


async def move_step(uow: UnitOfWork, wanted: OneStep, *, by: Signer, state: StepState, due_on: date | None, notes: str | None) -> PlanStep:
    """Raises NotFound (also for another's step, which row-level security hides), NothingInForce, NoSide and what `expects` raises."""
    agreement = await coselling.one(uow, wanted.agreement_id)
    step = await joint_plan.one(uow, wanted.agreement_id, wanted.step_id)
    wanted.expects(step.version)
    rules.check_owner(agreement, step.owner, by=by)
    moved = rules.move(step, state=state, due_on=due_on or step.due_on, notes=step.notes if notes is None else notes)
    await joint_plan.save(uow, moved)
    return moved


async def read_plan(uow: UnitOfWork, agreement_id: UUID, *, by: Signer) -> list[PlanStep]:
    """Everybody's steps, for the vendor and the parties of what is in force. Raises NotFound, NothingInForce, NoSide."""
    agreement = await coselling.one(uow, agreement_id)
    rules.check_reader(agreement, by=by)
    return [step for step in await joint_plan.plan_of(uow, agreement_id) if rules.is_shown(agreement, step, by=by)]


async def tell_overdue(uow: UnitOfWork) -> int:
    """One portion of the steps whose day is over; returns how many."""
    found = await joint_plan.overdue(uow, limit=_PORTION)
    for step in found:
        await joint_plan.save(uow, replace(step, overdue_told=True, version=step.version + 1))
        uow.emit(step_overdue(step, now=uow.now), sequence=step.version + 1)
    return len(found)
