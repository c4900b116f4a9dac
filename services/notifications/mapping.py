"""Others' events → the JSON that subscribers may get; which of them this service takes in."""

from typing import cast

from services.notifications.domain.visibility import Body
from shared.schemas import commission, conflicts, coselling, deals, enablement, leads, partners, reviews, tiering, waiting
from shared.schemas.base import Event

# Not contact.recorded (personal data) and not crm.opportunity_changed (a sales system's word, not yet a fact of the programme).
CONSUMED: tuple[type[Event], ...] = (
    partners.PartnerActivated,
    partners.PartnerSuspended,
    partners.PartnerTerminated,
    deals.DealRegistered,
    deals.DealDuplicateRefused,
    deals.DealExtended,
    deals.DealExpired,
    deals.DealWithdrawn,
    deals.DealClosed,
    deals.DealAmended,
    deals.DealReopened,
    deals.DealRefunded,
    reviews.DealSubmitted,
    reviews.DealReturned,
    reviews.DealRejected,
    reviews.DealExtensionRequested,
    reviews.DealExtensionDeclined,
    reviews.DealStageChanged,
    reviews.DealExpiring,
    reviews.ReviewLate,
    waiting.AccountOffered,
    waiting.AccountOfferWithdrawn,
    waiting.AccountWaitingEnded,
    conflicts.DealReassigned,
    conflicts.DealProtectionEnded,
    conflicts.ConflictOpened,
    conflicts.ConflictEscalated,
    conflicts.ConflictDecided,
    conflicts.ConflictCommunicated,
    leads.LeadShared,
    leads.LeadReminded,
    leads.LeadAccepted,
    leads.LeadDeclined,
    leads.LeadWithdrawn,
    leads.LeadAged,
    leads.LeadConverted,
    leads.LeadLost,
    leads.LeadGivenBack,
    coselling.CosellInvited,
    coselling.CosellAgreed,
    coselling.CosellEnded,
    coselling.CosellStepOverdue,
    commission.CommissionAccrued,
    commission.CommissionReversed,
    commission.CommissionReleased,
    commission.CommissionAdjusted,
    commission.CommissionStatementIssued,
    commission.CommissionPayoutStarted,
    commission.CommissionPayoutPaid,
    commission.CommissionPayoutFailed,
    commission.CommissionDisputeOpened,
    commission.CommissionDisputeAnswered,
    commission.CommissionDisputeResolved,
    tiering.TierChanged,
    tiering.TierDowngradePending,
    enablement.TrainingCompleted,
    enablement.CertificationPassed,
    enablement.CertificationExpired,
)


def event_type_of(event: Event) -> str:
    """The type as subscribers see it: the topic's name. Later versions get a suffix, as the bare name stays version 1."""
    return event.topic if event.version == 1 else f"{event.topic}.v{event.version}"


def body_of(event: Event) -> Body:
    """The event's whole content as JSON values, like on the wire: what is absent is left out."""
    return cast(Body, event.model_dump(mode="json", exclude_none=True))
