"""File evidence: a side's own, or what staff shares with a side in words of its own."""

from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.conflicts.conflict import Said, check_open
from services.registration.domain.conflicts.letters import check_words
from services.registration.domain.conflicts.refusals import ConflictDecided, NotASide
from services.registration.store import conflict_papers, conflicts
from services.registration.store.conflict_papers import Evidence, ReferenceKind
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


@dataclass(frozen=True, slots=True)
class Piece:
    """A reference to an event, a receipt or a document, and what it is to show."""

    kind: ReferenceKind
    reference: str
    note: str


async def give(uow: UnitOfWork, conflict_id: UUID, piece: Piece, *, partner_id: UUID, by: str) -> Evidence:
    """A partner's evidence for its own side. Raises NotFound, ConflictDecided."""
    side = await conflict_papers.own_side(uow, conflict_id, partner_id)
    if not await conflict_papers.is_open(uow, side):
        raise ConflictDecided
    return await _file(uow, piece, conflict_id, side_id=side.id, partner_id=partner_id, by=by, by_side=True)


async def share(uow: UnitOfWork, conflict_id: UUID, piece: Piece, *, side_id: UUID | None, by: str) -> Evidence:
    """Staff's evidence, shown to one side or to staff alone. Raises NotFound, NotASide, NamesOtherSide, ConflictDecided, ConflictClosed."""
    conflict = await conflicts.one(uow, conflict_id, lock=True)
    check_open(conflict)
    partner_id = None
    if side_id is not None:
        sides = await conflicts.sides_of(uow, conflict_id)
        side = next((each for each in sides if each.id == side_id), None)
        if side is None:
            raise NotASide(partner=side_id)
        check_words(f"{piece.reference} {piece.note}", side, sides)
        partner_id = side.partner_id
    return await _file(uow, piece, conflict_id, side_id=side_id, partner_id=partner_id, by=by, by_side=False)


async def _file(
    uow: UnitOfWork, piece: Piece, conflict_id: UUID, *, side_id: UUID | None, partner_id: UUID | None, by: str, by_side: bool
) -> Evidence:
    filed = Evidence(
        id=new_id(),
        conflict_id=conflict_id,
        side_id=side_id,
        partner_id=partner_id,
        kind=piece.kind,
        reference=piece.reference,
        said=Said(piece.note, uow.now, by),
        by_side=by_side,
    )
    await conflict_papers.add_evidence(uow, filed)
    return filed
