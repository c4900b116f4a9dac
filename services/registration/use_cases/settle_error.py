"""Settle errors of the intake: take a corrected row in at once, try the same again, or drop it for a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.error import UNNAMED, ErrorState, IntakeError, Way
from services.registration.domain.intake.opportunity import Exclusivity, Opportunity
from services.registration.domain.intake.refusals import ErrorSettled, PatchInvalid
from services.registration.domain.merge_patch import merged
from services.registration.policy import Policy
from services.registration.reading import read_row
from services.registration.store import intake_errors as errors
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receive import Manner, Outcome, receive
from services.registration.use_cases.take_in import lock_name, names
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Which error, and who settles it."""

    source: str
    error_id: UUID
    by: str


async def hold(uow: UnitOfWork, source: str, patches: Iterable[tuple[UUID, Mapping[str, Any]]]) -> None:
    """Hold all that these corrections are to hold, in the one call in which whoever takes opportunities in does it."""
    wanted = list(patches)
    found = {error.id: error for error in await errors.among(uow, source, (error_id for error_id, _ in wanted))}
    told = [_told(found[error_id], patch) for error_id, patch in wanted if error_id in found]
    await uow.lock(lock_name(source), *names(one for one in told if one))


def _told(error: IntakeError, patch: Mapping[str, Any]) -> Opportunity | None:
    """What the corrected row says, if it can be read."""
    try:
        return read_row(_patched(error, patch), line=error.rejected.line).seen
    except PatchInvalid:
        return None


async def correct(
    uow: UnitOfWork, settling: Settling, patch: Mapping[str, Any], *, policy: Policy, registrable: Registrable, receipts: Receipts
) -> tuple[IntakeError, Outcome]:
    """Take the error's row in with `patch` merged into it; an empty one tries the same again. What is refused once more stays open.

    Call it under `hold`. Raises NotFound, ErrorSettled and PatchInvalid.
    """
    error = await _open(uow, settling)
    text = _patched(error, patch)
    way, exclusivity = Way(error.rejected.way), Exclusivity(error.rejected.exclusivity)
    manner = Manner(way=way, exclusivity=exclusivity, policy=policy, registrable=registrable, receipts=receipts)
    (outcome,) = await receive(uow, [read_row(text, line=error.rejected.line)], manner)
    if outcome.fault is None:
        await errors.settle(uow, error.id, ErrorState.CORRECTED, by=settling.by)
    elif outcome.error_id != error.id:  # the correction gave it another name: its error stands under that one now
        await errors.settle(uow, error.id, ErrorState.SUPERSEDED, by=settling.by)
    return await errors.one(uow, settling.source, error.id), outcome


def _patched(error: IntakeError, patch: Mapping[str, Any]) -> bytes:
    """The row as it should have been. Raises PatchInvalid."""
    own = error.rejected.source
    row = merged(orjson.loads(error.rejected.row or "{}"), patch)
    source = row.setdefault("source", own)
    if own not in (source, UNNAMED):
        raise PatchInvalid(reason="an error stays with its source")
    if source == UNNAMED:
        raise PatchInvalid(reason="name the source")
    return orjson.dumps(row)


async def drop(uow: UnitOfWork, settling: Settling, *, reason: str) -> IntakeError:
    """Give the row up; the opportunity's next state starts anew. Raises NotFound and ErrorSettled."""
    await uow.lock(lock_name(settling.source))
    error = await _open(uow, settling)
    await errors.settle(uow, error.id, ErrorState.DROPPED, by=settling.by, reason=reason)
    return await errors.one(uow, settling.source, error.id)


async def _open(uow: UnitOfWork, settling: Settling) -> IntakeError:
    """The open error, locked after its source's intake."""
    error = await errors.one(uow, settling.source, settling.error_id)
    if error.state is not ErrorState.OPEN:
        raise ErrorSettled(state=error.state.value)
    return error
