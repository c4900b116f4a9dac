"""Communicate a decision: each side gets a letter of its own, and is told that it is there."""

from collections.abc import Mapping
from uuid import UUID

from services.registration.domain.conflicts.conflict import Conflict, ConflictStep, Said, complete, told
from services.registration.domain.conflicts.letters import check_words, write
from services.registration.domain.conflicts.refusals import NotASide, StepOutOfOrder
from services.registration.mapping.conflicts import communicated
from services.registration.policy import Policy
from services.registration.store import conflict_papers, conflicts
from services.registration.use_cases.conflicts.step import OneConflict, load
from shared.chassis.database import UnitOfWork


async def communicate(uow: UnitOfWork, one: OneConflict, *, text: str, words: Mapping[UUID, str], policy: Policy) -> Conflict:
    """`words` are added to the letters of the sides they are for. Raises NotASide, NamesOtherSide and what `complete` and `load` raise."""
    conflict, sides = await load(uow, one)
    done = complete(conflict, ConflictStep.COMMUNICATE, limits=policy.conflict_limits, now=uow.now)
    if conflict.ruling is None:
        raise StepOutOfOrder(step=ConflictStep.DECIDE.value)
    if strangers := words.keys() - {side.id for side in sides}:
        raise NotASide(partner=min(strangers))
    for side in sides:
        check_words(words.get(side.id, ""), side, sides)
    after = [told(side) for side in sides]
    await conflict_papers.file_letters(
        uow, [write(side, conflict.ruling, wording=policy.conflicts.letters, words=words.get(side.id)) for side in after]
    )
    await conflicts.record_step(uow, done.id, ConflictStep.COMMUNICATE, Said(text, uow.now, one.by))
    await conflicts.save(uow, done, after)
    for side in after:
        if side.partner_id is not None:
            uow.emit(communicated(side, side.partner_id, now=uow.now), sequence=side.version)
    return done
