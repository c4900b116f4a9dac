"""Facts about a registration's way to protection, and about protection itself, as published events."""

from datetime import datetime
from typing import TypeAlias, TypedDict
from uuid import UUID

from services.registration.domain.deals import facts
from services.registration.domain.deals.deal import Deal
from shared.chassis.money import Money
from shared.schemas import deals, reviews
from shared.schemas.base import Event, MoneyAmount

OfReview: TypeAlias = facts.Submitted | facts.Returned | facts.Rejected
OfExclusivity: TypeAlias = (
    facts.ExtensionRequested | facts.ExtensionDeclined | facts.Extended | facts.StageMoved | facts.EndsSoon | facts.Expired
)


class Head(TypedDict):
    """What every fact about a deal carries."""

    deal_id: UUID
    partner_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    source: str | None
    external_id: str | None
    origin: str | None


def of_review(deal: Deal, fact: OfReview, head: Head) -> Event:
    """Submitted, returned, rejected; the approval is the registration itself."""
    match fact:
        case facts.Submitted(blocks_until=until):
            return reviews.DealSubmitted(
                **head,
                account_id=deal.scope.account_id,
                families=deal.scope.families,
                territory=deal.territory,
                country=deal.country,
                registered_at=deal.registered_at,
                blocks_until=until,
                submission=deal.submissions,
                expected=money(deal.expected) if deal.expected else None,
            )
        case facts.Returned(asked=asked):
            return reviews.DealReturned(**head, asked=asked)
        case facts.Rejected(reason=reason):
            return reviews.DealRejected(**head, reason=reason)


def of_exclusivity(deal: Deal, fact: OfExclusivity, head: Head) -> Event:
    """How protection goes on, and how it ends by itself."""
    until = deal.protection.window.end
    match fact:
        case facts.ExtensionRequested():
            return reviews.DealExtensionRequested(**head, protected_until=until)
        case facts.ExtensionDeclined(reason=reason):
            return reviews.DealExtensionDeclined(**head, protected_until=until, reason=reason)
        case facts.Extended(previous_until=before):
            return deals.DealExtended(**head, previous_until=before, protected_until=until)
        case facts.StageMoved(previous=previous, renewed=renewed):
            stage = deal.stage or ""
            return reviews.DealStageChanged(**head, stage=stage, previous_stage=previous, protected_until=until, renewed=renewed)
        case facts.EndsSoon(ends_at=ends_at, because=because):
            return reviews.DealExpiring(**head, ends_at=ends_at, because=because.value)
        case facts.Expired(at=at, because=because):
            return deals.DealExpired(**head, expired_at=at, because=because.value)


def money(amount: Money) -> MoneyAmount:
    """Money as it travels."""
    return MoneyAmount(amount_minor=amount.minor, currency=amount.currency)
