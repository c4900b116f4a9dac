"""Go through the steps of a conflict that are words alone, and name its sides while it is open."""

from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.conflicts.conflict import Conflict, ConflictStep, Said, Side, check_open, complete, side_id, told
from services.registration.domain.conflicts.refusals import RulingInvalid, SideKnown
from services.registration.domain.refusals import PartnerUnknown
from services.registration.domain.values import DealId, PartnerId
from services.registration.mapping.conflicts import opened
from services.registration.policy import Policy
from services.registration.store import conflicts, partners
from services.registration.use_cases.change import Expects
from services.registration.use_cases.conflicts.open import side_of
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound
from shared.chassis.values import replace

WORDS_ALONE = (ConflictStep.IDENTIFY, ConflictStep.INVESTIGATE, ConflictStep.MEDIATE)


@dataclass(frozen=True, slots=True)
class OneConflict:
    """Which conflict is to be changed, by whom, and the versions the caller is willing to change."""

    conflict_id: UUID
    by: str
    expects: Expects


async def load(uow: UnitOfWork, one: OneConflict) -> tuple[Conflict, list[Side]]:
    """The conflict, locked, with all its sides. Raises NotFound and what `expects` raises."""
    conflict = await conflicts.one(uow, one.conflict_id, lock=True)
    one.expects(conflict.version)
    return conflict, await conflicts.sides_of(uow, conflict.id)


async def take_step(uow: UnitOfWork, one: OneConflict, step: ConflictStep, *, text: str, policy: Policy) -> Conflict:
    """Record what was done in a step; the next one is due. Raises what `complete` and `load` raise."""
    conflict, sides = await load(uow, one)
    done = complete(conflict, step, limits=policy.conflict_limits, now=uow.now)
    await conflicts.record_step(uow, done.id, step, Said(text, uow.now, one.by))
    await conflicts.save(uow, done, sides)
    return done


async def add_side(uow: UnitOfWork, one: OneConflict, *, deal_id: UUID | None, partner_id: UUID | None) -> Conflict:
    """A deal is concerned too, or a partner without one.

    Raises NotFound, SideKnown, PartnerUnknown, RulingInvalid, ConflictDecided, ConflictClosed.
    """
    conflict, sides = await load(uow, one)
    check_open(conflict)
    if deal_id is None and partner_id is None:
        raise RulingInvalid(reason="name the deal or the partner")
    if partner_id is not None and not await partners.of(uow, [PartnerId(partner_id)]):
        raise PartnerUnknown
    side = await _with_deal(uow, conflict, sides, DealId(deal_id)) if deal_id else _without(conflict, sides, partner_id)
    if any(side.id == each.id for each in sides):
        await conflicts.save(uow, conflict, [side])
    else:
        await conflicts.add_side(uow, conflict, side)
    if side.partner_id is not None:
        uow.emit(opened(side, side.partner_id, conflict, now=uow.now), sequence=side.version)
    return conflict


async def _with_deal(uow: UnitOfWork, conflict: Conflict, sides: list[Side], deal_id: DealId) -> Side:
    found = (await conflicts.concerned(uow, [deal_id], hold=True)).get(deal_id)
    if found is None:
        raise NotFound(what="deal")
    if any(deal_id in side.deal_ids for side in sides):
        raise SideKnown
    mine = next((side for side in sides if side.partner_id == found.partner_id), None)
    fresh = side_of(conflict, found.partner_id, [found])
    if mine is None:
        return fresh
    return told(replace(mine, deal_ids=(*mine.deal_ids, deal_id), account_name=found.account_name))


def _without(conflict: Conflict, sides: list[Side], partner_id: UUID | None) -> Side:
    who = PartnerId(partner_id) if partner_id else None
    if any(side.partner_id == who for side in sides):
        raise SideKnown
    return Side(id=side_id(conflict.id, who), conflict_id=conflict.id, partner_id=who, deal_ids=(), account_name="the customer")
