"""Drafts of plan versions: written and rewritten by the vendor's staff until one of them is activated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound

_COLUMNS = "id, document::text, note, version, created_by, created_at, changed_by, changed_at, plan_version"
_INSERT = """
insert into plan_drafts (id, document, note, version, created_by, created_at, changed_by, changed_at)
values ($1, $2::text::jsonb, $3, 1, $4, $5, $4, $5)"""
_UPDATE = """
update plan_drafts set document = $2::text::jsonb, note = $3, version = version + 1, changed_by = $4, changed_at = $5 where id = $1"""
_ONE = f"select {_COLUMNS} from plan_drafts where id = $1"  # noqa: S608 - column names
_LOCKED = f"{_ONE} for update"
_PAGE = f"select {_COLUMNS} from plan_drafts where id > $1 order by id limit $2"  # noqa: S608 - column names
_DELETE = "delete from plan_drafts where id = $1"
_ACTIVATED = "update plan_drafts set plan_version = $2, version = version + 1, changed_by = $3, changed_at = $4 where id = $1"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as stored. `version` counts its changes; `plan_version` is the plan's version that it became, if it did."""

    id: UUID
    document: Json
    note: str
    version: int
    created_by: str
    created_at: datetime
    changed_by: str
    changed_at: datetime
    plan_version: int | None


async def add(uow: UnitOfWork, draft_id: UUID, document: Json, *, note: str, by: str) -> Draft:
    """Keep a new draft."""
    await uow.fetch(_INSERT, draft_id, orjson.dumps(document).decode(), note, by, uow.now)
    return await get(uow, draft_id)


async def get(uow: UnitOfWork, draft_id: UUID, *, lock: bool = False) -> Draft:
    """The draft, locked until the transaction ends if asked for. Raises NotFound."""
    rows = await uow.fetch(_LOCKED if lock else _ONE, draft_id)
    if not rows:
        raise NotFound(what="draft")
    return _draft(rows[0])


async def page(uow: UnitOfWork, *, after: UUID | None, limit: int) -> Sequence[Draft]:
    """Drafts in the order in which they were begun."""
    return [_draft(row) for row in await uow.fetch(_PAGE, after or UUID(int=0), limit)]


async def replace(uow: UnitOfWork, draft_id: UUID, document: Json, *, note: str, by: str) -> Draft:
    """Write the draft anew."""
    await uow.fetch(_UPDATE, draft_id, orjson.dumps(document).decode(), note, by, uow.now)
    return await get(uow, draft_id)


async def discard(uow: UnitOfWork, draft_id: UUID) -> None:
    """Throw the draft away."""
    await uow.fetch(_DELETE, draft_id)


async def became(uow: UnitOfWork, draft_id: UUID, plan_version: int, *, by: str) -> None:
    """Note which version of the plan the draft is now."""
    await uow.fetch(_ACTIVATED, draft_id, plan_version, by, uow.now)


def _draft(row: Any) -> Draft:
    return Draft(row[0], orjson.loads(row[1]), *row[2:])
