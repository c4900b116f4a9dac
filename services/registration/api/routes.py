"""Deals over HTTP: register, look, close, amend, reopen, refund, withdraw."""

from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from services.registration.api import models as m
from services.registration.api.receipt_headers import DOCUMENTED
from services.registration.api.registering import Registering
from services.registration.domain.accounts.countries import country_given
from services.registration.domain.accounts.identifiers import Customer, Registrable
from services.registration.domain.deals.deal import Deal
from services.registration.domain.refusals import AmountNegative, PartnerMismatch, StaffOnly
from services.registration.domain.values import PartnerId, State
from services.registration.mapping.deals import families_of
from services.registration.policy import Policy
from services.registration.store import account_book, deal_reviews, deals
from services.registration.use_cases.change import Target
from services.registration.use_cases.close import Closing, amend, close
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.refund import RefundRequest, refund
from services.registration.use_cases.register import Registration
from services.registration.use_cases.reopen import reopen
from services.registration.use_cases.withdraw import withdraw
from shared.chassis.http import (
    IfMatch,
    InvalidRequest,
    Page,
    PageQuery,
    Principal,
    Router,
    TogetherRoute,
    Uow,
    etag,
    requires,
)
from shared.chassis.money import Money
from shared.chassis.policies import Policies

Reader = Annotated[Principal, requires("deals:read")]
Writer = Annotated[Principal, requires("deals:write")]
Manager = Annotated[Principal, requires("deals:admin")]


def target(deal_id: UUID, if_match: IfMatch) -> Target:
    """The deal of the path, in the version that the caller knows."""
    return Target(deal_id, if_match.expects)


STAFFS_OF_REGISTRATION = ("registered_at", "override")
_STAFFS_OF_CREDIT = ("closed_at", "credit_decided", "split_reason")

OneDeal = Annotated[Target, Depends(target)]


def routes(policies: Policies[Policy], *, registrable: Registrable, receipts: Receipts) -> Router:
    """The routes of deals."""
    router = Router(prefix="/v1/deals", tags=["deals"])
    _add_reading(router)
    _add_registering(router, Registering(policies, registrable=registrable, receipts=receipts))
    _add_closing(router, policies)
    _add_changing(router)
    return router


def shown(deal: Deal, uow: Uow, response: Response) -> m.DealOut:
    """The deal as it is answered, with its version."""
    etag(response, deal.version)
    return m.deal_out(deal, now=uow.now)


def _add_reading(router: Router) -> None:
    @router.get("")
    async def list_deals(
        uow: Uow,
        caller: Reader,
        paging: PageQuery,
        state: State | None = None,
        partner_id: UUID | None = None,
        account_id: UUID | None = None,
        source: Annotated[str | None, Query(max_length=300)] = None,
        external_id: Annotated[str | None, Query(max_length=300)] = None,
        conflict: bool | None = None,
    ) -> Page[m.DealOut]:
        """Deals, oldest first; a partner sees its own."""
        after = paging.after(UUID)
        wanted = deals.Filter(
            state=state,
            partner_id=partner_id or caller.partner_id,
            account_id=await account_book.carried_on(uow, account_id),
            source=source,
            external_id=external_id,
            conflict=conflict,
        )
        found = await deals.listed(uow, wanted, after=after[0] if after else None, limit=paging.limit + 1)
        return paging.page(found, view=lambda deal: m.deal_out(deal, now=uow.now), key=lambda deal: (deal.id,))

    @router.get("/{deal_id}")
    async def read_deal(deal_id: UUID, uow: Uow, _: Reader, response: Response) -> m.OneDealOut:
        """One deal."""
        deal = await deals.seen(uow, deal_id)
        asked = await deal_reviews.asked_of(uow, deal_id) if deal.state is State.RETURNED else None
        return m.OneDealOut(**dict(shown(deal, uow, response)), asked=asked)


def _add_registering(router: Router, registering: Registering) -> None:
    together = registering.together()

    async def register_deal(body: m.NewDeal, request: Request, caller: Writer) -> m.DealOut:
        """First to register is protected. A rival is told `account_taken`, and nothing else. Both get a receipt, named in the headers."""
        return await together.answer(request, registration_of(body, caller))  # type: ignore[return-value] # the answer, as it was committed

    options: dict[str, Any] = {"methods": ["POST"], "status_code": 201, "responses": DOCUMENTED}
    router.add_api_route("", register_deal, route_class_override=TogetherRoute, **options)


def registration_of(body: m.NewDeal, caller: Principal) -> Registration:
    """The registration that `caller` may ask for. Raises PartnerMismatch, StaffOnly, InvalidRequest, AmountNegative."""
    if caller.partner_id and body.partner_id not in (None, caller.partner_id):
        raise PartnerMismatch
    check_staff(body, caller, STAFFS_OF_REGISTRATION)
    partner_id = caller.partner_id or body.partner_id
    if partner_id is None:
        raise InvalidRequest(reason="Name the partner (partner_id) for whom the deal is registered.")
    expected = Money.parse(body.expected_amount, body.currency) if body.expected_amount else None
    if expected and expected.minor < 0:
        raise AmountNegative
    country = country_given(body.country)
    return Registration(
        partner_id=PartnerId(partner_id),
        customer=Customer(
            name=body.account_name.strip(), domain=body.account_domain, country=country, tax_id=body.tax_id, crm_ids=body.crm_ids
        ),
        families=families_of(body.families),
        territory=body.territory,
        expected=expected,
        registered_at=body.registered_at,
        evidence=body.evidence,
        override=body.override,
        wait=body.wait,
        by=caller.subject,
    )


def check_staff(body: BaseModel, caller: Principal, fields: Iterable[str]) -> None:
    """What is staff's to say, a partner may not: `fields` that the body has and gives. Raises StaffOnly."""
    if caller.partner_id is None:
        return
    for field in fields:
        if getattr(body, field, None):
            raise StaffOnly(field=field)


def _add_closing(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/{deal_id}/close")
    async def close_deal(one: OneDeal, body: m.CloseIn, uow: Uow, caller: Writer, response: Response) -> m.DealOut:
        """Won or lost. A deal may close long after its protection ended; the programme says whether it is credited then."""
        check_staff(body, caller, _STAFFS_OF_CREDIT)
        policy = (await policies.at(uow, uow.now))[1]
        closing = Closing(
            outcome=body.outcome,
            draft=body.draft(),
            closed_at=body.closed_at,
            credit_decided=body.credit_decided,
            split_reason=body.split_reason,
        )
        return shown(await close(uow, one, closing, policy=policy), uow, response)

    @router.post("/{deal_id}/amend")
    async def amend_deal(one: OneDeal, body: m.AmendIn, uow: Uow, caller: Writer, response: Response) -> m.DealOut:
        """Replace the terms of a won deal, whole."""
        check_staff(body, caller, _STAFFS_OF_CREDIT)
        closed_at, why = body.closed_at, body.split_reason
        deal = await amend(uow, one, body.draft(), closed_at=closed_at, reason=body.reason, split_reason=why)
        return shown(deal, uow, response)

    @router.post("/{deal_id}/reopen")
    async def reopen_deal(one: OneDeal, body: m.ReasonIn, uow: Uow, caller: Writer, response: Response) -> m.DealOut:
        """Undo the last close. A partner's own limit of open registrations holds; staff's records come first."""
        limit = (await policies.at(uow, uow.now))[1].open_registrations_limit if caller.partner_id else None
        return shown(await reopen(uow, one, reason=body.reason, limit=limit), uow, response)


def _add_changing(router: Router) -> None:
    @router.post("/{deal_id}/refund")
    async def refund_deal(one: OneDeal, body: m.RefundIn, uow: Uow, _: Writer, response: Response) -> m.DealOut:
        """Give money back to the customer: whole, an amount, or parts of lines."""
        parts = [(line.line_id, line.amount) for line in body.lines]
        request = RefundRequest(refund_id=body.refund_id, amount=body.amount, parts=parts, reason=body.reason)
        return shown(await refund(uow, one, request), uow, response)

    @router.post("/{deal_id}/withdraw")
    async def withdraw_deal(one: OneDeal, body: m.ReasonIn, uow: Uow, caller: Writer, response: Response) -> m.DealOut:
        """Take a registration back that is open or in review; the account is free at once."""
        return shown(await withdraw(uow, one, reason=body.reason, by=caller.subject), uow, response)
