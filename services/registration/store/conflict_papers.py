"""What is filed with a conflict: evidence by side, and each side's letter. Row-level security shows a partner its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.conflicts.conflict import Said, Side
from services.registration.domain.conflicts.letters import Letter
from services.registration.domain.conflicts.refusals import LetterMissing
from services.registration.store.conflict_rows import read_side
from services.registration.store.tables.conflicts import conflict_evidence, conflict_letters, conflict_sides
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound


class ReferenceKind(StrEnum):
    """What a piece of evidence refers to."""

    EVENT = "event"
    RECEIPT = "receipt"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A reference and what it is to show. `side_id` is who may see it besides staff; `by_side` tells that it comes from there."""

    id: UUID
    conflict_id: UUID
    side_id: UUID | None
    partner_id: UUID | None
    kind: ReferenceKind
    reference: str
    said: Said
    by_side: bool


@dataclass(frozen=True, slots=True)
class Filed:
    """A letter as it is kept."""

    side_id: UUID
    subject: str
    body: str
    written_at: datetime


async def own_side(uow: UnitOfWork, conflict_id: UUID, partner_id: UUID) -> Side:
    """The partner's side, held until the transaction ends, so that no decision passes its evidence by. Raises NotFound."""
    c = conflict_sides.c
    query = sa.select(conflict_sides).where(c.conflict_id == conflict_id, c.partner_id == partner_id).with_for_update()
    row = (await uow.execute(query)).one_or_none()
    if row is None:
        raise NotFound(what="conflict")
    return read_side(row)


async def is_open(uow: UnitOfWork, side: Side) -> bool:
    """Whether the side's conflict is undecided; the side is held."""
    state = (await uow.execute(sa.select(conflict_sides.c.state).where(conflict_sides.c.id == side.id))).scalar_one()
    return bool(state == "open")


async def add_evidence(uow: UnitOfWork, evidence: Evidence) -> None:
    """File it."""
    await uow.execute(
        sa.insert(conflict_evidence).values(
            **{name: getattr(evidence, name) for name in ("id", "conflict_id", "side_id", "partner_id", "reference", "by_side")},
            kind=evidence.kind.value,
            note=evidence.said.text,
            given_at=evidence.said.at,
            given_by=evidence.said.by,
        )
    )


async def evidence(uow: UnitOfWork, conflict_id: UUID, *, after: UUID | None, limit: int) -> list[Evidence]:
    """At most `limit` pieces after `after`, oldest first: all for staff, for a partner its own and what was shared with it."""
    query = sa.select(conflict_evidence).where(conflict_evidence.c.conflict_id == conflict_id)
    query = query.order_by(conflict_evidence.c.id).limit(limit)
    if after is not None:
        query = query.where(conflict_evidence.c.id > after)
    return [_evidence(row) for row in await uow.execute(query)]


def _evidence(row: Any) -> Evidence:
    return Evidence(
        **{name: getattr(row, name) for name in ("id", "conflict_id", "side_id", "partner_id", "reference", "by_side")},
        kind=ReferenceKind(row.kind),
        said=Said(row.note, row.given_at, row.given_by),
    )


async def file_letters(uow: UnitOfWork, letters: Iterable[Letter]) -> None:
    """Keep each side's letter."""
    rows = [
        {
            "side_id": letter.side.id,
            "conflict_id": letter.side.conflict_id,
            "partner_id": letter.side.partner_id,
            "subject": letter.subject,
            "body": letter.body,
            "written_at": uow.now,
        }
        for letter in letters
    ]
    await uow.execute(sa.insert(conflict_letters), rows)


async def letters(uow: UnitOfWork, conflict_id: UUID) -> list[Filed]:
    """The letters that the caller may see. Raises LetterMissing."""
    query = sa.select(conflict_letters).where(conflict_letters.c.conflict_id == conflict_id).order_by(conflict_letters.c.side_id)
    found = [Filed(row.side_id, row.subject, row.body, row.written_at) for row in await uow.execute(query)]
    if not found:
        raise LetterMissing
    return found
