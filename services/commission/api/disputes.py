"""Disputes over HTTP: opened and withdrawn by the partner, answered and decided by the vendor's staff."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from services.commission.api.dispute_models import (
    Adjustment,
    AnswerBody,
    Decision,
    DisputeRulesView,
    DisputeView,
    NewDispute,
    NewDisputeRules,
)
from services.commission.domain import dispute as domain
from services.commission.domain.dispute import Dispute, Said, State
from services.commission.domain.dispute_refusals import PartnerOnly
from services.commission.store import disputes as store
from services.commission.store.plans import Plans
from services.commission.store.rule_book import DISPUTE_RULES
from services.commission.use_cases.disputes.answer_dispute import Expects, answer_dispute
from services.commission.use_cases.disputes.open_dispute import open_dispute
from services.commission.use_cases.disputes.settle_dispute import settle_dispute
from services.commission.use_cases.record_rules import record_rules
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.money import Money

disputes = Router(prefix="/v1/disputes", tags=["disputes"])
rules = Router(prefix="/v1/dispute-rules", tags=["disputes"])
ROUTERS = (disputes, rules)

Reader = Annotated[Principal, requires("disputes:read")]
Disputant = Annotated[Principal, requires("disputes:write")]
Staff = Annotated[Principal, requires("disputes:admin")]


async def _plans(request: Request) -> Plans:
    plans: Plans = request.app.state.plans
    return plans


KnownPlans = Annotated[Plans, Depends(_plans)]


def _partners_own(actor: Principal) -> str:
    if actor.partner_id is None:
        raise PartnerOnly
    return actor.subject


def _expected(if_match: IfMatch) -> Expects:
    """What is changed is what was read: the ETag has to be named."""
    return partial(if_match.expects, required=True)


def _shown(dispute: Dispute, actor: Principal, response: Response) -> DisputeView:
    etag(response, dispute.version)
    return DisputeView.of(dispute, staff=actor.partner_id is None)


@disputes.get("")
async def index(
    uow: Uow,
    actor: Reader,
    paging: PageQuery,
    partner_id: UUID | None = None,
    entry_id: UUID | None = None,
    state: State | None = None,
    overdue: bool | None = None,
) -> Page[DisputeView]:
    """Disputes as they were opened; a partner sees its own."""
    after = paging.after(int)
    filters = {"partner_id": partner_id or actor.partner_id, "entry_id": entry_id, "state": state}
    rows = await store.page(uow, after=after[0] if after else 0, limit=paging.limit + 1, filters=filters, overdue=overdue)
    staff = actor.partner_id is None
    return paging.page(rows, view=lambda shown: DisputeView.of(shown.dispute, staff=staff), key=lambda shown: (shown.seq,))


@disputes.post("", status_code=201)
async def begin(body: NewDispute, uow: Uow, actor: Disputant, plans: KnownPlans, response: Response) -> DisputeView:
    """Dispute an entry of yours: what of it is not paid out yet is held back until the dispute is settled."""
    by = _partners_own(actor)
    return _shown(await open_dispute(uow, body.entry_id, reason=body.reason, by=by, plans=plans), actor, response)


@disputes.get("/{dispute_id}")
async def show(dispute_id: UUID, uow: Uow, actor: Reader, response: Response) -> DisputeView:
    """One dispute, with its ETag."""
    return _shown(await store.get(uow, dispute_id), actor, response)


@disputes.post("/{dispute_id}/answer")
async def answer(dispute_id: UUID, body: AnswerBody, uow: Uow, actor: Staff, if_match: IfMatch, response: Response) -> DisputeView:
    """Answer it, and say until when it is decided; `If-Match` names the version that was read."""
    said = Said(body.answer, uow.now, actor.subject)
    dispute = await answer_dispute(uow, dispute_id, said, decide_by=body.decide_by, expects=_expected(if_match))
    return _shown(dispute, actor, response)


@disputes.post("/{dispute_id}/resolve")
async def resolve(
    dispute_id: UUID, body: Adjustment, uow: Uow, actor: Staff, plans: KnownPlans, if_match: IfMatch, response: Response
) -> DisputeView:
    """Decide for the partner, wholly or in part: an adjusting entry is booked, payable at once, and nothing is held any more."""
    said = Said(body.reason, uow.now, actor.subject)

    def decide(dispute: Dispute) -> Dispute:
        return domain.adjust(dispute, said, amount=Money.parse(body.amount, dispute.currency).minor)

    return _shown(await settle_dispute(uow, dispute_id, decide, expects=_expected(if_match), plans=plans), actor, response)


@disputes.post("/{dispute_id}/decline")
async def decline(
    dispute_id: UUID, body: Decision, uow: Uow, actor: Staff, plans: KnownPlans, if_match: IfMatch, response: Response
) -> DisputeView:
    """Decide that the entry stands; nothing is held any more."""
    decide = partial(domain.decline, said=Said(body.reason, uow.now, actor.subject))
    return _shown(await settle_dispute(uow, dispute_id, decide, expects=_expected(if_match), plans=plans), actor, response)


@disputes.post("/{dispute_id}/withdraw")
async def withdraw(
    dispute_id: UUID, body: Decision, uow: Uow, actor: Disputant, plans: KnownPlans, if_match: IfMatch, response: Response
) -> DisputeView:
    """Take your dispute back; nothing is held any more."""
    decide = partial(domain.withdraw, said=Said(body.reason, uow.now, _partners_own(actor)))
    return _shown(await settle_dispute(uow, dispute_id, decide, expects=_expected(if_match), plans=plans), actor, response)


@rules.get("")
async def show_rules(uow: Uow, actor: Reader) -> DisputeRulesView:
    """How long an entry may be disputed, and until when an answer is due."""
    return DisputeRulesView.of(await DISPUTE_RULES.current(uow))


@rules.post("", status_code=201)
async def add_rules(body: NewDisputeRules, uow: Uow, actor: Staff) -> DisputeRulesView:
    """Record rules that hold from now on; due times that are set stay as they are."""
    return DisputeRulesView.of(await record_rules(uow, DISPUTE_RULES, body.rules, by=actor.subject, reason=body.reason))
