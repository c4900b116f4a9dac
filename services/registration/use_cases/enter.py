"""Registrations whose accounts are free enter the record: protected at once, or put up for review, as the programme says."""

from collections.abc import Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One registration about to enter: how surely its customer is known, `by` whom it was asked for, in which `context` (its trace).

    `doubts` are reasons of their own to have a person look.
    """

    deal: Deal
    confidence: Confidence
    by: str
    doubts: tuple[str, ...] = ()
    context: Context | None = None


async def enter(uow: UnitOfWork, entries: Sequence[Entry], *, policy: Policy) -> list[Deal]:
    """The deals as they then stand, all or none. Raises QuotaReached, PartnerInactive."""
    judgements = await _judged(uow, entries, policy)
    steps = [_entered(uow, entry.deal, judgement, policy) for entry, judgement in zip(entries, judgements, strict=True)]
    entered = [deal for deal, _ in steps]
    if not await deals.enter(uow, entered, limit=policy.open_registrations_limit):
        for partner_id in {deal.partner_id for deal in entered}:
            await partners.check_active(uow, partner_id)  # it may have ended meanwhile
        raise no.QuotaReached(limit=policy.open_registrations_limit)
    for entry, judgement, step in zip(entries, judgements, steps, strict=True):
        if step[0].state.is_pending:
            await queue(uow, step[0], reasons=[judgement.reason, *entry.doubts], by=entry.by, policy=policy)
        (entry.context or copy_context()).run(publish, uow, [step])
    return entered


def _entered(uow: UnitOfWork, deal: Deal, judgement: Judgement, policy: Policy) -> tuple[Deal, Fact]:
    if judgement.verdict is Verdict.APPROVE:
        return begin(deal)
    return approval.submit(deal, blocks_until=policy.review_limit(uow.now), now=uow.now)


async def _judged(uow: UnitOfWork, entries: Sequence[Entry], policy: Policy) -> list[Judgement]:
    """Rules look at the partner too; nothing else asks for it."""
    by_rules = policy.approval.mode is Mode.RULES
    ids = {entry.deal.partner_id for entry in entries} if by_rules else set()
    known = await partners.of(uow, ids) if ids else {}
    tiers = await partners.tiers_of(uow, ids) if ids else {}
    return [
        judge(
            Case(
                tier=tiers.get(entry.deal.partner_id),
                kind=known[entry.deal.partner_id].kind if entry.deal.partner_id in known else None,
                expected=entry.deal.expected,
                path=entry.deal.scope.path,
                confidence=entry.confidence,
            ),
            mode=policy.approval.mode,
            rules=policy.approval_rules,
        )
        for entry in entries
    ]
