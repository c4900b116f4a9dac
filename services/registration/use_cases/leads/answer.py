"""Answer a lead, take it back, or give it up: one step of its life under its lock."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.leads.lead import Lead, Step
from services.registration.mapping.leads import event_of
from services.registration.store import leads
from services.registration.use_cases.change import Expects
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class OneLead:
    """Which lead is to be changed, and the versions the caller is willing to change."""

    lead_id: UUID
    expects: Expects = lambda _: None


async def load(uow: UnitOfWork, one: OneLead) -> Lead:
    """The lead, locked. Raises NotFound and what `expects` raises."""
    lead = await leads.one(uow, one.lead_id)
    one.expects(lead.version)
    return lead


async def move(uow: UnitOfWork, one: OneLead, step: Callable[[Lead], Step]) -> Lead:
    """Take the step. Raises what `load` and the step raise."""
    return await settle(uow, step(await load(uow, one)))


async def settle(uow: UnitOfWork, step: Step) -> Lead:
    """Write what a step made of a lead that was read under its lock, and tell."""
    lead, fact = step
    await leads.save(uow, lead)
    uow.emit(event_of(lead, fact, now=uow.now), sequence=lead.version)
    return lead
