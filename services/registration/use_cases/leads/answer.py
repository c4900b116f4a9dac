"""Answer a lead, take it back, or give it up: one step of its life under its lock."""

from collections.abc import Callable
from uuid import UUID

from services.registration.domain.leads.lead import Lead, Step
from services.registration.mapping.leads import event_of
from services.registration.store import leads
from shared.chassis.database import UnitOfWork


async def move(uow: UnitOfWork, lead_id: UUID, step: Callable[[Lead], Step]) -> Lead:
    """Take the step. Raises NotFound and what the step raises."""
    return await settle(uow, step(await leads.one(uow, lead_id)))


async def settle(uow: UnitOfWork, step: Step) -> Lead:
    """Write what a step made of a lead that was read under its lock, and tell."""
    lead, fact = step
    await leads.save(uow, lead)
    uow.emit(event_of(lead, fact, now=uow.now), sequence=lead.version)
    return lead
