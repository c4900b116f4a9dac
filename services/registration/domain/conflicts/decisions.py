"""What a decided conflict does to a deal: it goes to another partner, its credit is fixed, or its protection ends."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

from services.registration.domain import refusals as no
from services.registration.domain.conflicts.refusals import CreditDecided, RulingInvalid
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import Amended, ProtectionEnded, Reassigned
from services.registration.domain.values import Credit, PartnerId, State, Terms, check_shares
from shared.chassis.values import replace

DECIDED = "a conflict was decided"
"""The reason that a partner reads in the amendment: the decision's own words may name the other side."""


def reassign(deal: Deal, *, to: PartnerId, reason: str, now: datetime) -> tuple[Deal, Reassigned]:
    """An open deal goes to another partner with what is left of its window; what its former partner said of it does not.

    Raises NotOpen, RulingInvalid.
    """
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    if to == deal.partner_id:
        raise RulingInvalid(reason="the deal is this partner's already")
    former = deal.partner_id
    first = deal.reassigned_from or former  # the one that a sales system may go on naming
    moved = replace(
        deal,
        partner_id=to,
        reassigned_from=first if first != to else None,
        credits_fixed=_handed_over(deal.credits_fixed, former, to),
        expected=None,
        evidence=None,
        stage=None,
        stage_at=now,
        warned=False,
        version=deal.version + 1,
    )
    return moved, Reassigned(now, former, reason)


def end_protection(deal: Deal, *, reason: str, now: datetime) -> tuple[Deal, ProtectionEnded]:
    """Exclusivity is over before its time, for good: no extension and no reopening brings it back. Raises NotOpen, ProtectionOver."""
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    if not deal.protection.holds_at(now):
        raise no.ProtectionOver
    ended = replace(deal.protection.end(now), expired=True)
    return replace(deal, protection=ended, version=deal.version + 1), ProtectionEnded(now, reason)


def fix_credit(deal: Deal, shares: tuple[Credit, ...]) -> Deal:
    """The credit that an open deal will have when it is won, whatever its terms say then. Raises NotOpen, SplitsNotOne, BeneficiaryTwice.

    No fact about the deal: nothing of it changes until it closes.
    """
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    check_shares(shares, ())
    return replace(deal, credits_fixed=shares)


def change_credit(deal: Deal, shares: tuple[Credit, ...], *, now: datetime) -> tuple[Deal, Amended]:
    """Give the credit of a won deal to whom it was decided; later corrections of the terms keep to it. Raises what `amend` raises."""
    terms = replace(deal.won_terms(), credits=shares)
    amended, fact = life.amend(deal, terms=terms, reason=DECIDED, now=now)
    return replace(amended, credits_fixed=shares), fact


def as_decided(deal: Deal, terms: Terms, *, asked: bool) -> Terms:
    """The terms with the credit that was decided for the deal, if any was. Raises CreditDecided where another was asked for."""
    if not deal.credits_fixed or terms.credits == deal.credits_fixed:
        return terms
    if asked:
        raise CreditDecided
    return replace(terms, credits=deal.credits_fixed)


def as_told(deal: Deal, terms: Terms) -> Terms:
    """The terms of a sales system that need not know of decisions: it may still credit the partner who had the deal before."""
    if deal.reassigned_from is not None:
        terms = replace(terms, credits=_handed_over(terms.credits, deal.reassigned_from, deal.partner_id))
    return as_decided(deal, terms, asked=False)


def _handed_over(shares: Iterable[Credit], former: PartnerId, to: PartnerId) -> tuple[Credit, ...]:
    """The same shares, those of `former` in the name of `to`."""
    totals: dict[PartnerId, Fraction] = {}
    for credit in shares:
        who = to if credit.partner_id == former else credit.partner_id
        totals[who] = totals.get(who, Fraction(0)) + credit.share
    return tuple(Credit(partner, share) for partner, share in totals.items())
