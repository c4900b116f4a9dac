"""Drafts over HTTP: registrations that are prepared, changed, deleted, and submitted once they are whole."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field, ValidationError

from services.registration.api import models as m
from services.registration.api.receipt_headers import DOCUMENTED
from services.registration.api.registering import answered
from services.registration.api.routes import STAFFS_OF_REGISTRATION, Reader, Writer, check_staff, registration_of
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.deals.deal import Deal
from services.registration.domain.refusals import DraftIncomplete, PartnerMismatch
from services.registration.domain.values import PartnerId
from services.registration.policy import Policy
from services.registration.store import drafts
from services.registration.store.drafts import Draft
from services.registration.use_cases import drafting
from services.registration.use_cases.receipts.issue import Receipts, submitted
from services.registration.use_cases.register import register
from shared.chassis.database import UnitOfWork
from shared.chassis.http import IfMatch, InvalidRequest, Page, PageQuery, Principal, Router, Uow, etag
from shared.chassis.policies import Policies


class DraftIn(m.NewDeal):
    """A registration as far as it is prepared: everything may be absent."""

    account_name: m.Text | None = None  # type: ignore[assignment] # a draft may lack what a registration needs
    families: tuple[m.Text, ...] = Field((), max_length=50)


class DraftOut(BaseModel):
    """What is prepared so far."""

    id: UUID
    partner_id: UUID
    version: int
    changed_at: datetime
    deal: dict[str, Any]

    @classmethod
    def of(cls, draft: Draft) -> "DraftOut":
        return cls(id=draft.id, partner_id=draft.partner_id, version=draft.version, changed_at=draft.changed_at, deal=draft.body)


def _whose(body: DraftIn, caller: Principal) -> PartnerId:
    """Raises PartnerMismatch, InvalidRequest."""
    if caller.partner_id and body.partner_id not in (None, caller.partner_id):
        raise PartnerMismatch
    partner_id = caller.partner_id or body.partner_id
    if partner_id is None:
        raise InvalidRequest(reason="Name the partner (partner_id) for whom the deal is prepared.")
    return PartnerId(partner_id)


def _kept(body: DraftIn) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_unset=True)


def _whole(draft: Draft) -> m.NewDeal:
    """Raises DraftIncomplete."""
    try:
        return m.NewDeal.model_validate(draft.body | {"partner_id": draft.partner_id})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise DraftIncomplete(reason=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The routes of drafts."""
    router = Router(prefix="/v1/drafts", tags=["drafts"])
    _add_keeping(router)

    @router.post("/{draft_id}/submit", status_code=201, responses=DOCUMENTED)
    async def submit_draft(draft_id: UUID, uow: Uow, caller: Writer, if_match: IfMatch) -> m.DealOut:
        """Register what was prepared; the draft is gone if that succeeds."""
        draft = await drafting.hold(uow, draft_id)
        if_match.expects(draft.version)
        wanted = registration_of(_whole(draft), caller)
        policy = (await policies.at(uow, uow.now))[1]
        outcome = await register(uow, wanted, policy=policy, registrable=registrable)
        if isinstance(outcome, Deal):
            await drafts.delete(uow, draft_id)
        receipt = await receipts.issue(uow, submitted(wanted, outcome))
        return answered(outcome, receipt, now=uow.now)  # type: ignore[return-value] # the answer itself

    return router


def _add_keeping(router: Router) -> None:
    @router.post("", status_code=201)
    async def keep_draft(body: DraftIn, uow: Uow, caller: Writer, response: Response) -> DraftOut:
        """Keep a registration that is not whole yet. It keeps nobody out."""
        check_staff(body, caller, STAFFS_OF_REGISTRATION)  # before it is kept: whoever submits the draft would say it
        return _shown(await drafting.keep(uow, _whose(body, caller), _kept(body)), response)

    @router.get("")
    async def list_drafts(uow: Uow, caller: Reader, paging: PageQuery) -> Page[DraftOut]:
        """Drafts, oldest first; a partner sees its own."""
        after = paging.after(UUID)
        found = await drafts.listed(uow, partner_id=caller.partner_id, after=after[0] if after else None, limit=paging.limit + 1)
        return paging.page(found, view=DraftOut.of, key=lambda draft: (draft.id,))

    @router.get("/{draft_id}")
    async def read_draft(draft_id: UUID, uow: Uow, _: Reader, response: Response) -> DraftOut:
        """One draft."""
        return _shown(await drafts.one(uow, draft_id), response)

    @router.put("/{draft_id}")
    async def change_draft(draft_id: UUID, body: DraftIn, uow: Uow, caller: Writer, if_match: IfMatch, response: Response) -> DraftOut:
        """Replace what is prepared."""
        check_staff(body, caller, STAFFS_OF_REGISTRATION)  # before it is kept: whoever submits the draft would say it
        return _shown(await drafts.change(uow, await _expected(uow, draft_id, if_match), _kept(body)), response)

    @router.delete("/{draft_id}", status_code=204)
    async def delete_draft(draft_id: UUID, uow: Uow, _: Writer, if_match: IfMatch) -> None:
        """Only drafts may be deleted; a registration is withdrawn."""
        await _expected(uow, draft_id, if_match)
        await drafts.delete(uow, draft_id)


async def _expected(uow: UnitOfWork, draft_id: UUID, if_match: IfMatch) -> Draft:
    """The draft, locked, if it is what the caller read. Raises NotFound, VersionMismatch."""
    draft = await drafts.locked(uow, draft_id)
    if_match.expects(draft.version)
    return draft


def _shown(draft: Draft, response: Response) -> DraftOut:
    etag(response, draft.version)
    return DraftOut.of(draft)
