"""Every published event by its CloudEvents type: what a consumer may be handed and a contract test must cover."""

from shared.schemas import cash, commission, coselling, crm, deals, enablement, leads, partners, tiering
from shared.schemas.base import Event

ALL: tuple[type[Event], ...] = (
    partners.PartnerActivated,
    partners.PartnerSuspended,
    partners.PartnerTerminated,
    partners.ContactRecorded,
    deals.DealRegistered,
    deals.DealDuplicateRefused,
    deals.DealExtended,
    deals.DealExpired,
    deals.DealWithdrawn,
    deals.DealClosed,
    deals.DealAmended,
    deals.DealReopened,
    deals.DealRefunded,
    leads.LeadShared,
    leads.LeadReminded,
    leads.LeadAccepted,
    leads.LeadDeclined,
    leads.LeadWithdrawn,
    leads.LeadAged,
    leads.LeadConverted,
    leads.LeadLost,
    coselling.CosellInvited,
    coselling.CosellAgreed,
    coselling.CosellEnded,
    coselling.CosellStepOverdue,
    cash.DealInvoiced,
    cash.DealPaid,
    crm.OpportunityChanged,
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

BY_TYPE: dict[str, type[Event]] = {event.ce_type(): event for event in ALL}
TOPICS: tuple[str, ...] = tuple(dict.fromkeys(event.topic for event in ALL))
