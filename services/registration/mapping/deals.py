"""Others' events as our own commands, and our own facts as published events."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from services.registration.domain.accounts.countries import country_code
from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.accounts.names import readable
from services.registration.domain.deals import facts
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import Fact
from services.registration.domain.deals.territories import ANY
from services.registration.domain.drafts import LineDraft, TermsDraft
from services.registration.domain.intake.opportunity import Opportunity, Stage
from services.registration.domain.refusals import AccountTaken, ClosedAtMissing, FamiliesMissing
from services.registration.domain.values import Credit, Outcome, PartnerId, Standing, Terms
from services.registration.import_row import ImportRow
from services.registration.mapping.conflicts import decision_of
from services.registration.mapping.protection import Head, money, of_exclusivity, of_review
from shared.schemas import crm, deals
from shared.schemas.base import Event, MoneyAmount
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated

STANDINGS: dict[type[Event], Standing] = {
    PartnerActivated: Standing.ACTIVE,
    PartnerSuspended: Standing.SUSPENDED,
    PartnerTerminated: Standing.TERMINATED,
}

_OUTCOMES = {outcome: deals.Outcome(outcome.value) for outcome in Outcome}


def families_of(names: Sequence[str]) -> tuple[str, ...]:
    """Product families as a set: sorted, each once. Raises FamiliesMissing."""
    found = tuple(sorted({name.strip() for name in names} - {""}))
    if not found:
        raise FamiliesMissing
    return found


def opportunity_of(told: crm.OpportunityChanged | ImportRow) -> Opportunity:
    """The opportunity with exact terms. Raises the refusals of its terms."""
    families = families_of(told.families)
    partner_id = PartnerId(told.partner_id)
    country = country_code(told.country) if told.country else None
    return Opportunity(
        source=told.source,
        external_id=told.external_id,
        partner_id=partner_id,
        customer=Customer(
            name=readable(told.account_name),
            domain=told.account_domain,
            country=country or told.country,
            tax_id=told.tax_id,
            crm_ids=told.crm_ids,
        ),
        families=families,
        territory=None if told.territory == ANY else told.territory,
        engaged_at=told.engaged_at,
        stage=Stage(told.stage.value),
        terms=_terms_of(told, partner_id, families),
        changed_at=told.occurred_at,
        version=told.source_version,
        origin=told.origin,
        split_given=bool(told.credits),
    )


def _terms_of(told: crm.OpportunityChanged | ImportRow, partner_id: PartnerId, families: tuple[str, ...]) -> Terms | None:
    if told.stage is crm.Stage.OPEN:
        return None
    if told.closed_at is None:
        raise ClosedAtMissing
    draft = TermsDraft(
        currency=told.currency,
        amount=told.amount,
        lines=[LineDraft(product=line.product, family=line.family, quantity=line.quantity, amount=line.amount) for line in told.lines],
        credits=[(PartnerId(credit.partner_id), credit.share) for credit in told.credits],
    )
    return draft.exact(Outcome(told.stage.value), closed_at=told.closed_at, partner_id=partner_id, families=families)


class _Terms(TypedDict):
    """What a close and its amendments carry."""

    close_number: int
    closed_at: datetime
    amount: MoneyAmount
    lines: tuple[deals.DealLine, ...]
    credits: tuple[deals.Credit, ...]
    overlays: tuple[deals.Credit, ...]
    territory: str
    country: str | None
    partner_type: str | None
    attributes: dict[str, str]


def event_of(deal: Deal, fact: Fact, *, recorded_at: datetime, partner_kind: str | None = None, told_by: str | None = None) -> Event:
    """The published event of a fact; `deal` is the deal after it, `told_by` the sales system that made it happen, if one did."""
    source, external_id = (deal.origin.source, deal.origin.external_id) if deal.origin else (None, None)
    head = Head(
        deal_id=deal.id,
        partner_id=deal.partner_id,
        occurred_at=fact.at,
        recorded_at=recorded_at,
        source=source,
        external_id=external_id,
        origin=told_by,
    )
    match fact:
        case facts.Registered():
            return _registered(deal, head)
        case facts.Closed(outcome=outcome, protected=protected):
            return deals.DealClosed(**head, **_terms(deal, partner_kind), outcome=_OUTCOMES[outcome], protected=protected)
        case facts.Amended(reason=reason):
            return deals.DealAmended(**head, **_terms(deal, partner_kind), revision=deal.revision, reason=reason)
        case facts.Reopened(close_number=number, reason=reason):
            return _reopened(deal, head, number, reason)
        case facts.Refunded(refund=refund):
            return _refunded(deal, refund, head)
        case facts.Submitted() | facts.Returned() | facts.Rejected():
            return of_review(deal, fact, head)
        case facts.Withdrawn(reason=reason):
            return deals.DealWithdrawn(**head, reason=reason)
        case facts.Reassigned() | facts.ProtectionEnded():
            return decision_of(deal, fact, recorded_at=recorded_at)
        case _:
            return of_exclusivity(deal, fact, head)


def _registered(deal: Deal, head: Head) -> Event:
    window = deal.protection.window
    return deals.DealRegistered(
        **head,
        account_id=deal.scope.account_id,
        families=deal.scope.families,
        territory=deal.territory,
        country=deal.country,
        registered_at=deal.registered_at,
        protected=deal.protection.granted,
        protected_from=window.start,
        protected_until=window.end,
        expected=money(deal.expected) if deal.expected else None,
        lead_id=deal.lead_id,
    )


def _reopened(deal: Deal, head: Head, number: int, reason: str) -> Event:
    """With what the deal has of its window again: who else took the account is told to nobody, so no reader could work it out."""
    held = deal.protection
    return deals.DealReopened(
        **head,
        close_number=number,
        reason=reason,
        protected=held.holds_at(head["occurred_at"]),
        protected_from=held.window.start,
        protected_until=held.window.end,
    )


def _refunded(deal: Deal, refund: facts.Refund, head: Head) -> Event:
    return deals.DealRefunded(
        **head,
        refund_id=refund.refund_id,
        close_number=deal.close_number,
        revision=deal.revision,
        amount=money(refund.amount),
        lines=tuple(deals.RefundLine(line_id=part.line_id, amount_minor=part.amount_minor) for part in refund.parts),
        reason=refund.reason,
    )


def _terms(deal: Deal, partner_kind: str | None) -> _Terms:
    terms = deal.closed_terms()
    return _Terms(
        close_number=deal.close_number,
        closed_at=terms.closed_at,
        amount=money(terms.amount),
        lines=tuple(
            deals.DealLine(
                line_id=each.line_id,
                product=each.product,
                family=each.family,
                quantity=each.quantity,
                amount_minor=each.amount_minor,
            )
            for each in terms.lines
        ),
        credits=_shares(terms.credits),
        overlays=_shares(terms.overlays),
        territory=deal.territory,
        country=deal.country,
        partner_type=partner_kind,
        attributes=dict(terms.attributes),
    )


def _shares(credits_: Sequence[Credit]) -> tuple[deals.Credit, ...]:
    return tuple(deals.Credit(partner_id=credit.partner_id, share=str(credit.share)) for credit in credits_)


def duplicate_of(seen: Opportunity, *, refusal_id: UUID, now: datetime) -> Event:
    """The notice that an opportunity of `seen` was refused because the account is taken; it says not by whom."""
    return deals.DealDuplicateRefused(
        occurred_at=now,
        recorded_at=now,
        refusal_id=refusal_id,
        partner_id=seen.partner_id,
        account_name=seen.customer.name,
        families=seen.families,
        territory=seen.territory or seen.customer.country or ANY,
        code=AccountTaken.code,
    )
