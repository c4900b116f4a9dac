"""Leads over HTTP: shared both ways, answered by the other side, converted to deals."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.registration.api import leads_models as m
from services.registration.api.receipt_headers import DOCUMENTED, name_receipt
from services.registration.domain.accounts.identifiers import Registrable
from services.registration.domain.leads import lead as life
from services.registration.domain.leads.lead import Direction, Lead, LeadState, Side
from services.registration.domain.leads.refusals import LeadOfOther
from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.store import leads, partners
from services.registration.use_cases.leads.answer import OneLead, move
from services.registration.use_cases.leads.convert import Known, Registering, convert
from services.registration.use_cases.leads.erase import erase_contact
from services.registration.use_cases.leads.share import share
from services.registration.use_cases.receipts.issue import Receipts
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.http import IfMatch, InvalidRequest, Page, PageQuery, Principal, Router, Uow, etag, problem, requires
from shared.chassis.policies import Policies

Reader = Annotated[Principal, requires("leads:read")]
Writer = Annotated[Principal, requires("leads:write")]


def one_lead(lead_id: UUID, if_match: IfMatch) -> OneLead:
    """The lead of the path, in the version that the caller knows."""
    return OneLead(lead_id, if_match.expects)


Wanted = Annotated[OneLead, Depends(one_lead)]


def side_of(caller: Principal) -> Side:
    """For whom the caller speaks."""
    return Side.PARTNER if caller.partner_id else Side.VENDOR


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The routes of leads."""
    router = Router(prefix="/v1/leads", tags=["leads"])
    _add_reading(router)
    _add_sharing(router, policies)
    _add_answering(router, policies)
    _add_ending(router, policies, registrable, receipts)
    return router


def _shown(lead: Lead, response: Response) -> m.LeadOut:
    etag(response, lead.version)
    return m.lead_out(lead)


async def _shows_contact(uow: UnitOfWork, lead: Lead, side: Side) -> bool:
    """A partner that may not work reads nobody's contact details but those that it gave."""
    if not lead.shows_contact_to(side):
        return False
    if side is lead.giver or side is Side.VENDOR:
        return True
    known = (await partners.of(uow, [lead.partner_id])).get(lead.partner_id)
    return known is not None and known.standing is Standing.ACTIVE


def _add_reading(router: Router) -> None:
    @router.get("")
    async def list_leads(
        uow: Uow,
        caller: Reader,
        paging: PageQuery,
        state: LeadState | None = None,
        direction: Direction | None = None,
        partner_id: UUID | None = None,
    ) -> Page[m.LeadOut]:
        """Leads, oldest first, without contact details; a partner sees its own."""
        after = paging.after(UUID)
        found = await leads.listed(
            uow,
            state=state,
            direction=direction,
            partner_id=partner_id or caller.partner_id,
            after=after[0] if after else None,
            limit=paging.limit + 1,
        )
        return paging.page(found, view=m.lead_out, key=lambda lead: (lead.id,))

    @router.get("/{lead_id}")
    async def read_lead(lead_id: UUID, uow: Uow, caller: Reader, response: Response) -> m.LeadWithContactOut:
        """One lead. The receiving side sees whom to speak to once it has accepted."""
        lead = await leads.seen(uow, lead_id)
        etag(response, lead.version)
        contact = await leads.contact_of(uow, lead.id) if await _shows_contact(uow, lead, side_of(caller)) else None
        return m.lead_with_contact(lead, contact)


def _add_sharing(router: Router, policies: Policies[Policy]) -> None:
    @router.post("", status_code=201)
    async def share_lead(body: m.NewLead, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """Share a lead: as the vendor with a partner, as a partner with the vendor."""
        if caller.partner_id and body.partner_id not in (None, caller.partner_id):
            raise LeadOfOther
        partner_id = caller.partner_id or body.partner_id
        if partner_id is None:
            raise InvalidRequest(reason="Name the partner (partner_id) with whom the lead is shared.")
        direction = Direction.TO_VENDOR if caller.partner_id else Direction.TO_PARTNER
        policy = (await policies.at(uow, uow.now))[1]
        lead = await share(uow, PartnerId(partner_id), body.prospect(), direction=direction, contact=body.person(), policy=policy)
        response.headers["Location"] = f"v1/leads/{lead.id}"
        return _shown(lead, response)


def _add_answering(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/{lead_id}/accept")
    async def accept_lead(one: Wanted, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """The receiving side takes it up, and may see from now on whom to speak to (`GET`)."""
        level = (await policies.at(uow, uow.now))[1].lead_level
        by = side_of(caller)
        return _shown(await move(uow, one, lambda lead: life.accept(lead, by=by, level=level, now=uow.now)), response)

    @router.post("/{lead_id}/decline")
    async def decline_lead(one: Wanted, body: m.LeadReasonIn, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """The receiving side does not want it."""
        by = side_of(caller)
        return _shown(await move(uow, one, lambda lead: life.decline(lead, by=by, reason=body.reason, now=uow.now)), response)

    @router.post("/{lead_id}/withdraw")
    async def withdraw_lead(one: Wanted, body: m.LeadReasonIn, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """The side that shared it takes it back before it is answered."""
        by = side_of(caller)
        return _shown(await move(uow, one, lambda lead: life.withdraw(lead, by=by, reason=body.reason)), response)


def _add_ending(router: Router, policies: Policies[Policy], registrable: Registrable, receipts: Receipts) -> None:
    @router.post("/{lead_id}/convert", responses={409: DOCUMENTED[409]})
    async def convert_lead(one: Wanted, body: m.ConvertIn, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """Register the deal that it became for the partner of the lead; refused as any registration is."""
        registering = Registering((await policies.at(uow, uow.now))[1], registrable, receipts)
        known = Known(body.tax_id, body.crm_ids)
        outcome, receipt = await convert(uow, one, known, by=side_of(caller), who=caller.subject, registering=registering)
        if isinstance(outcome, Refused):
            return name_receipt(problem(outcome), receipt)  # type: ignore[return-value] # the refusal itself is on record: not raised
        name_receipt(response, receipt)
        return _shown(outcome, response)

    @router.post("/{lead_id}/lose")
    async def lose_lead(one: Wanted, body: m.LeadReasonIn, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """Nothing came of it."""
        by = side_of(caller)
        return _shown(await move(uow, one, lambda lead: life.lose(lead, by=by, reason=body.reason)), response)

    @router.delete("/{lead_id}/contacts")
    async def erase_contacts(one: Wanted, uow: Uow, caller: Writer, response: Response) -> m.LeadOut:
        """Forget the person; the lead stays. For the side that gave the details, and for the vendor."""
        return _shown(await erase_contact(uow, one, by=side_of(caller)), response)
