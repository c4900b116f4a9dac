"""The last step: a rule change is proposed that would prevent the next conflict of the kind, or the words say why none is."""

from services.registration.domain.conflicts.conflict import Conflict, ConflictStep, Said, complete
from services.registration.domain.conflicts.proposals import Body, Proposal
from services.registration.policy import Policy
from services.registration.store import conflicts
from services.registration.use_cases.conflicts.step import OneConflict, load
from services.registration.use_cases.rules.propose import propose
from shared.chassis.database import UnitOfWork


async def prevent(uow: UnitOfWork, one: OneConflict, *, text: str, patch: Body | None, policy: Policy) -> tuple[Conflict, Proposal | None]:
    """The conflict is closed, and what it proposes is filed. Raises RuleInvalid and what `complete` and `load` raise."""
    conflict, sides = await load(uow, one)
    done = complete(conflict, ConflictStep.PREVENT, limits=policy.conflict_limits, now=uow.now)
    said = Said(text, uow.now, one.by)
    filed = await propose(uow, patch, said=said, conflict_id=done.id) if patch is not None else None
    await conflicts.record_step(uow, done.id, ConflictStep.PREVENT, said)
    await conflicts.save(uow, done, sides)
    return done, filed
