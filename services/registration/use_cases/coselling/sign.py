"""Sign a version, decline it, or leave what is in force: one side's act, under the lock of the agreement."""

from collections.abc import Callable, Iterable
from uuid import UUID

from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling.agreement import Agreement, Step, Told
from services.registration.mapping.coselling import event_of
from services.registration.store import coselling
from shared.chassis.database import UnitOfWork

_PORTION = 100


async def act(uow: UnitOfWork, agreement_id: UUID, step: Callable[[Agreement], Step]) -> Agreement:
    """Take the step. Raises NotFound and what the step raises."""
    changed, told = step(await coselling.one(uow, agreement_id))
    await coselling.save(uow, changed)
    publish(uow, changed, told)
    return changed


async def lapse_due(uow: UnitOfWork) -> int:
    """End the invitations that were not signed by all in time, one portion; returns how many."""
    found = await coselling.overdue(uow, limit=_PORTION)
    for agreement in found:
        if step := life.lapse(agreement, now=uow.now):
            changed, told = step
            await coselling.save(uow, changed)
            publish(uow, changed, told)
    return len(found)


def publish(uow: UnitOfWork, agreement: Agreement, told: Iterable[Told]) -> None:
    """Tell each party its own part."""
    for one in told:
        uow.emit(event_of(agreement, one, now=uow.now), sequence=agreement.revision)
