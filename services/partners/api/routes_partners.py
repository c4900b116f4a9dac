"""Partners over HTTP: create, read, correct, and the four steps of their life."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from services.partners.api.models import Activation, Line, PartnerDetails, PartnerView, Reason
from services.partners.domain.partner import Partner, PartnerId, State
from services.partners.store import partners
from services.partners.use_cases.activate_partner import activate_partner
from services.partners.use_cases.change_details import change_details
from services.partners.use_cases.create_partner import create_partner
from services.partners.use_cases.reactivate_partner import reactivate_partner
from services.partners.use_cases.suspend_partner import suspend_partner
from services.partners.use_cases.terminate_partner import terminate_partner
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires

router = Router(prefix="/v1/partners", tags=["partners"])
Reader = Annotated[Principal, requires("partners:read")]
Staff = Annotated[Principal, requires("partners:write")]


@router.post("", status_code=201)
async def create(body: PartnerDetails, uow: Uow, actor: Staff, response: Response) -> PartnerView:
    """Create a partner as a prospect; it may work once it is activated."""
    return _answer(await create_partner(uow, details=body.details()), response)


@router.get("")
async def index(
    uow: Uow, actor: Reader, paging: PageQuery, state: State | None = None, name: Annotated[Line | None, Query()] = None
) -> Page[PartnerView]:
    """Partners in the order in which they were created; a partner sees itself. `name` must match exactly."""
    after = paging.after(UUID)
    own = PartnerId(actor.partner_id) if actor.partner_id else None
    last = PartnerId(after[0]) if after else None
    rows = await partners.page(uow, after=last, limit=paging.limit + 1, partner_id=own, state=state, name=name)
    return paging.page(rows, view=PartnerView.of, key=lambda partner: (partner.id,))


@router.get("/{partner_id}")
async def show(partner_id: UUID, uow: Uow, actor: Reader, response: Response) -> PartnerView:
    """One partner."""
    return _answer(await partners.get(uow, PartnerId(partner_id)), response)


@router.put("/{partner_id}")
async def change(partner_id: UUID, body: PartnerDetails, uow: Uow, actor: Staff, if_match: IfMatch, response: Response) -> PartnerView:
    """Correct a partner's details; send the ETag that you read as `If-Match`."""
    expects = partial(if_match.expects, required=True)
    return _answer(await change_details(uow, PartnerId(partner_id), details=body.details(), expects=expects), response)


@router.post("/{partner_id}/activate")
async def activate(partner_id: UUID, body: Activation, uow: Uow, actor: Staff, response: Response) -> PartnerView:
    """The agreement is signed: the prospect may work."""
    return _answer(await activate_partner(uow, PartnerId(partner_id), enrolled_at=body.enrolled_at), response)


@router.post("/{partner_id}/suspend")
async def suspend(partner_id: UUID, body: Reason, uow: Uow, actor: Staff, response: Response) -> PartnerView:
    """The partner may not work for now."""
    return _answer(await suspend_partner(uow, PartnerId(partner_id), reason=body.reason), response)


@router.post("/{partner_id}/reactivate")
async def reactivate(partner_id: UUID, uow: Uow, actor: Staff, response: Response) -> PartnerView:
    """The suspension is over."""
    return _answer(await reactivate_partner(uow, PartnerId(partner_id)), response)


@router.post("/{partner_id}/terminate")
async def terminate(partner_id: UUID, body: Reason, uow: Uow, actor: Staff, response: Response) -> PartnerView:
    """The partnership ends, for good."""
    return _answer(await terminate_partner(uow, PartnerId(partner_id), reason=body.reason), response)


def _answer(partner: Partner, response: Response) -> PartnerView:
    etag(response, partner.version)
    return PartnerView.of(partner)
