"""A registration whose account is free enters the record: protected at once, or put up for review, as the programme says."""

from collections.abc import Sequence

from services.registration.domain import refusals as no
from services.registration.domain.deals import approval
from services.registration.domain.deals.approval_rules import Case, Judgement, Mode, Verdict, judge
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.deal import register as begin
from services.registration.domain.deals.facts import Fact
from services.registration.domain.values import Confidence
from services.registration.policy import Policy
from services.registration.store import deals, partners
from services.registration.use_cases.publish import publish
from services.registration.use_cases.reviews.queue import queue
from shared.chassis.database import UnitOfWork


async def enter(uow: UnitOfWork, deal: Deal, *, confidence: Confidence, by: str, policy: Policy, doubts: Sequence[str] = ()) -> Deal:
    """The deal as it then stands. `doubts` are reasons of their own to have a person look. Raises QuotaReached, PartnerInactive."""
    judgement = await _judged(uow, deal, confidence, policy)
    step: tuple[Deal, Fact] = (
        begin(deal)
        if judgement.verdict is Verdict.APPROVE
        else approval.submit(deal, blocks_until=policy.review_limit(uow.now), now=uow.now)
    )
    entered = step[0]
    if not await deals.enter(uow, entered, limit=policy.open_registrations_limit):
        await partners.check_active(uow, deal.partner_id)  # it may have ended meanwhile
        raise no.QuotaReached(limit=policy.open_registrations_limit)
    if entered.state.is_pending:
        await queue(uow, entered, reasons=[judgement.reason, *doubts], by=by, policy=policy)
    publish(uow, [step])
    return entered


async def _judged(uow: UnitOfWork, deal: Deal, confidence: Confidence, policy: Policy) -> Judgement:
    """Rules look at the partner too; nothing else asks for it."""
    by_rules = policy.approval.mode is Mode.RULES
    known = (await partners.of(uow, [deal.partner_id])).get(deal.partner_id) if by_rules else None
    case = Case(
        tier=await partners.tier_of(uow, deal.partner_id) if by_rules else None,
        kind=known.kind if known else None,
        expected=deal.expected,
        path=deal.scope.path,
        confidence=confidence,
    )
    return judge(case, mode=policy.approval.mode, rules=policy.approval_rules)
