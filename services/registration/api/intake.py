"""What the intake refused and what never came, over HTTP: looked at, corrected, tried again or dropped."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query

from services.registration.api.imports import Connector, check_unbound
from services.registration.api.intake_models import Correction, DropIn, ErrorOut, GapOut
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.intake.error import ErrorState
from services.registration.policy import Policy
from services.registration.store import gaps
from services.registration.store import intake_errors as errors
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.settle_error import Settling, correct, drop, hold
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires
from shared.chassis.policies import Policies

Reader = Annotated[Principal, requires("imports:read")]
Source = Annotated[str, Path(min_length=1, max_length=300, description="`-` holds the rows that name none")]
_Text = Annotated[str | None, Query(max_length=300)]


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The routes of the error queue and of gaps."""
    router = Router(prefix="/v1/intake", tags=["intake"])
    _add_reading(router)
    _add_settling(router, policies, registrable, receipts)
    return router


def _add_reading(router: Router) -> None:
    @router.get("/{source}/errors")
    async def list_errors(
        source: Source,
        uow: Uow,
        caller: Reader,
        paging: PageQuery,
        state: ErrorState = ErrorState.OPEN,
        code: _Text = None,
        external_id: _Text = None,
    ) -> Page[ErrorOut]:
        """What was refused of a source, oldest first, each with a suggestion."""
        check_unbound(caller)
        after = paging.after(UUID)
        wanted = errors.Filter(state=state, code=code, external_id=external_id)
        found = await errors.listed(uow, source, wanted, after=after[0] if after else None, limit=paging.limit + 1)
        return paging.page(found, view=ErrorOut.of, key=lambda error: (error.id,))

    @router.get("/{source}/errors/{error_id}")
    async def read_error(source: Source, error_id: UUID, uow: Uow, caller: Reader) -> ErrorOut:
        """One error."""
        check_unbound(caller)
        return ErrorOut.of(await errors.seen(uow, source, error_id))

    @router.get("/{source}/gaps")
    async def list_gaps(source: Source, uow: Uow, caller: Reader, paging: PageQuery, filled: bool = False) -> Page[GapOut]:
        """Opportunities with states that never came, by external id. `crm.reread_requested` asked for each."""
        check_unbound(caller)
        after = paging.after(str)
        found: Sequence[gaps.Gap] = await gaps.listed(
            uow, source, is_open=not filled, after=after[0] if after else "", limit=paging.limit + 1
        )
        return paging.page(found, view=GapOut.of, key=lambda gap: (gap.external_id,))


def _add_settling(router: Router, policies: Policies[Policy], registrable: Registrable, receipts: Receipts) -> None:
    @router.post("/{source}/errors/{error_id}/correct")
    async def correct_error(source: Source, error_id: UUID, body: dict[str, Any], uow: Uow, caller: Connector) -> Correction:
        """Take the row in with a JSON merge patch over it, at once. If it is refused again, the error stays open with the new reason."""
        return await _correct(source, error_id, body, uow, caller)

    @router.post("/{source}/errors/{error_id}/retry")
    async def retry_error(source: Source, error_id: UUID, uow: Uow, caller: Connector) -> Correction:
        """Take the same row in again, for instance once the partner is known."""
        return await _correct(source, error_id, {}, uow, caller)

    @router.post("/{source}/errors/{error_id}/drop")
    async def drop_error(source: Source, error_id: UUID, body: DropIn, uow: Uow, caller: Connector) -> ErrorOut:
        """Give the row up."""
        check_unbound(caller)
        settling = Settling(source=source, error_id=error_id, by=caller.subject)
        return ErrorOut.of(await drop(uow, settling, reason=body.reason))

    async def _correct(source: str, error_id: UUID, patch: dict[str, Any], uow: Uow, caller: Principal) -> Correction:
        check_unbound(caller)
        policy = (await policies.at(uow, uow.now))[1]
        settling = Settling(source=source, error_id=error_id, by=caller.subject)
        await hold(uow, source, [(error_id, patch)])
        error, outcome = await correct(uow, settling, patch, policy=policy, registrable=registrable, receipts=receipts)
        return Correction.of(error, outcome)
