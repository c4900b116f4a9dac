"""Others' events → what this service keeps of them; its own facts → the events that it publishes."""

from datetime import datetime
from uuid import UUID

from services.tiering.domain.calendar import in_utc
from services.tiering.domain.certificates import Certificate
from services.tiering.domain.partners import PartnerFact, Status
from services.tiering.domain.revenue import Correction, Terms, shares_of
from services.tiering.domain.transitions import Announced, Changed, Fact
from shared.chassis.money import Money
from shared.schemas.deals import DealAmended, DealClosed, DealRefunded, DealReopened, Outcome
from shared.schemas.enablement import CertificationExpired, CertificationPassed
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated
from shared.schemas.tiering import Tier, TierChanged, TierDowngradePending

STATUSES: dict[type[PartnerActivated | PartnerSuspended | PartnerTerminated], Status] = {
    PartnerActivated: Status.ACTIVE,
    PartnerSuspended: Status.SUSPENDED,
    PartnerTerminated: Status.TERMINATED,
}


def partner_heard(event: PartnerActivated | PartnerSuspended | PartnerTerminated, *, sequence: int) -> PartnerFact:
    """A partner's status at that version; only an activation says when it enrolled. Raises InstantOutOfRange."""
    enrolled_at = in_utc(event.enrolled_at) if isinstance(event, PartnerActivated) else None
    return PartnerFact(event.partner_id, sequence, STATUSES[type(event)], enrolled_at)


def terms_of(event: DealClosed | DealAmended, *, sequence: int) -> Terms:
    """What a close is worth to whom; a lost deal is worth nothing. Raises ShareInvalid, SplitsNotOne or InstantOutOfRange."""
    lost = isinstance(event, DealClosed) and event.outcome is Outcome.LOST
    amount = Money(0 if lost else event.amount.amount_minor, event.amount.currency)
    shares = shares_of((credit.partner_id, credit.share) for credit in event.credits)
    return Terms(event.deal_id, event.close_number, sequence, in_utc(event.closed_at), amount, shares, registrant=event.partner_id)


def correction_of(event: DealReopened | DealRefunded) -> Correction:
    """What happened to a close afterwards."""
    if isinstance(event, DealReopened):
        return Correction(event.deal_id, event.close_number, undone=True)
    return Correction(event.deal_id, event.close_number, refunded_minor=event.amount.amount_minor)


def certificate_of(event: CertificationPassed) -> Certificate:
    """Raises InstantOutOfRange."""
    passed_at, valid_until = in_utc(event.occurred_at), in_utc(event.valid_until)
    return Certificate(event.certificate_id, event.partner_id, event.person_id, event.level, passed_at, valid_until)


def end_of(event: CertificationExpired) -> datetime:
    """When the certificate ends. Raises InstantOutOfRange."""
    return in_utc(event.expired_at)


def published(fact: Fact, *, reason: str, evaluation_id: UUID, as_of: datetime, now: datetime) -> TierChanged | TierDowngradePending:
    """A move of a partner, or the announcement of one."""
    match fact:
        case Changed():
            return TierChanged(
                partner_id=fact.partner_id,
                from_tier=None if fact.origin is None else Tier(fact.origin),
                to_tier=Tier(fact.to),
                reason=reason,
                evaluation_id=evaluation_id,
                effective_at=fact.at,
                occurred_at=as_of,
                recorded_at=now,
            )
        case Announced():
            return TierDowngradePending(
                partner_id=fact.partner_id,
                from_tier=Tier(fact.origin),
                to_tier=Tier(fact.to),
                reason=reason,
                evaluation_id=evaluation_id,
                effective_at=fact.due,
                occurred_at=as_of,
                recorded_at=now,
            )
