"""Close a deal as won or lost, or correct the terms of a win."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.registration.domain.conflicts.decisions import as_decided
from services.registration.domain.coselling.agreed_split import apply
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import CreditRule, Deal
from services.registration.domain.deals.exclusivity import unasked
from services.registration.domain.deals.protection import instant, rivals
from services.registration.domain.drafts import TermsDraft
from services.registration.domain.values import Outcome, Terms
from services.registration.policy import Policy
from services.registration.store import coselling, extensions, slots, waiting
from services.registration.use_cases.change import Target, kind_of_registrant, load, settle
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How the deal ends. Without `closed_at` it closes now; with `credit_decided` staff has settled whom it is credited to.

    `split_reason` is why staff credits otherwise than all sides have signed.
    """

    outcome: Outcome
    draft: TermsDraft
    closed_at: datetime | None = None
    credit_decided: bool = False
    split_reason: str | None = None


async def close(uow: UnitOfWork, target: Target, closing: Closing, *, policy: Policy) -> Deal:
    """Raises SplitAgreed and what the deal's `close`, the draft's `exact` and `load` raise."""
    deal = await load(uow, target)
    terms = _terms(deal, closing.draft, outcome=closing.outcome, at=closing.closed_at or uow.now)
    terms = await _split(uow, deal, terms, closing.draft, reason=closing.split_reason)
    kind = await kind_of_registrant(uow, deal.partner_id, terms)
    credit = None if closing.credit_decided else await _credit(uow, deal, terms, policy=policy)
    closed, fact = life.close(deal, outcome=closing.outcome, terms=terms, now=uow.now, credit=credit)
    await slots.end(uow, [deal.id], at=terms.closed_at)
    if asked := (await extensions.lapse(uow, [deal.id])).get(deal.id):
        closed = unasked(closed, asked)
    return await settle(uow, deal, closed, fact, partner_kind=kind)


async def amend(
    uow: UnitOfWork, target: Target, draft: TermsDraft, *, closed_at: datetime | None, reason: str, split_reason: str | None = None
) -> Deal:
    """Replace the terms of a won deal. Without `closed_at` the date stays. Raises SplitAgreed and what the rule raises."""
    deal = await load(uow, target)
    terms = _terms(deal, draft, outcome=Outcome.WON, at=closed_at or deal.won_terms().closed_at)
    terms = await _split(uow, deal, terms, draft, reason=split_reason)
    kind = await kind_of_registrant(uow, deal.partner_id, terms)
    amended, fact = life.amend(deal, terms=terms, reason=reason, now=uow.now)
    return await settle(uow, deal, amended, fact, partner_kind=kind)


def _terms(deal: Deal, draft: TermsDraft, *, outcome: Outcome, at: datetime) -> Terms:
    terms = draft.exact(outcome, closed_at=at, partner_id=deal.partner_id, families=deal.scope.families)
    return as_decided(deal, terms, asked=bool(draft.credits))


async def _split(uow: UnitOfWork, deal: Deal, terms: Terms, draft: TermsDraft, *, reason: str | None) -> Terms:
    """The terms with the split that all sides have signed, if they have; what was decided over it stands."""
    split = (await coselling.agreed(uow, [deal])).get(deal.id)
    if split and deal.credits_fixed:
        split = replace(split, credits=deal.credits_fixed)
    return apply(terms, split, given=bool(draft.credits or draft.overlays), override=reason)


async def _credit(uow: UnitOfWork, deal: Deal, terms: Terms, *, policy: Policy) -> CreditRule:
    """Whether a rival holds the account at the close; asked only where that can matter. One to whom it is only offered does not."""
    if deal.protection.holds_at(terms.closed_at):
        return CreditRule(policy.credit_after_expiry, rival_holds=False)
    moment = instant(terms.closed_at)
    board = await slots.board(uow, [deal.scope.account_id], since=moment.start, until=moment.end)
    others = {slot.deal_id for slot in rivals(board.holders(deal.scope, moment, besides=deal.id), deal.partner_id)}
    return CreditRule(policy.credit_after_expiry, rival_holds=bool(others - await waiting.places_among(uow, others)))
