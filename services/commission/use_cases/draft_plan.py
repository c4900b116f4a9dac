"""Write a version of the plan before it rules anything: drafts may have faults, and everybody on staff may change one."""

from collections.abc import Callable
from uuid import UUID

from services.commission.domain.drafting import DraftActivated
from services.commission.store import drafts
from services.commission.store.drafts import Draft, Json
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id

Expects = Callable[[int], None]
"""Raises unless the caller is willing to change the draft in this version of it."""


async def begin(uow: UnitOfWork, document: Json, *, note: str, by: str) -> Draft:
    """A new draft, whatever its faults."""
    return await drafts.add(uow, new_id(), document, note=note, by=by)


async def replace(uow: UnitOfWork, draft_id: UUID, document: Json, *, note: str, by: str, expects: Expects) -> Draft:
    """Write the draft anew, whole. Raises NotFound, VersionMismatch or DraftActivated."""
    await locked(uow, draft_id, expects=expects)
    return await drafts.replace(uow, draft_id, document, note=note, by=by)


async def discard(uow: UnitOfWork, draft_id: UUID, *, expects: Expects) -> None:
    """Throw the draft away. Raises NotFound, VersionMismatch or DraftActivated."""
    await locked(uow, draft_id, expects=expects)
    await drafts.discard(uow, draft_id)


async def locked(uow: UnitOfWork, draft_id: UUID, *, expects: Expects) -> Draft:
    """The draft, held until the transaction ends. Raises NotFound, DraftActivated or VersionMismatch."""
    draft = await drafts.get(uow, draft_id, lock=True)
    if draft.plan_version is not None:
        raise DraftActivated(number=draft.plan_version)
    expects(draft.version)
    return draft
