"""What happened to co-selling agreements, as published events: one for each party, with its own part alone."""

from datetime import datetime

from services.registration.domain.coselling.agreement import Agreement, Told, VersionState, What
from services.registration.domain.coselling.joint_plan import PlanStep
from shared.schemas import coselling as out
from shared.schemas.base import Event

_WHY = {
    VersionState.REPLACED: out.EndReason.REPLACED,
    VersionState.SUPERSEDED: out.EndReason.SUPERSEDED,
    VersionState.DECLINED: out.EndReason.DECLINED,
    VersionState.LAPSED: out.EndReason.LAPSED,
    VersionState.ENDED: out.EndReason.LEFT,
    VersionState.VOID: out.EndReason.LAPSED,
}


def event_of(agreement: Agreement, told: Told, *, now: datetime) -> Event:
    """The event for one party."""
    version, party = told.version, told.party
    head = out.Head(
        agreement_id=agreement.id,
        deal_id=agreement.deal_id,
        partner_id=party.partner_id,
        number=version.number,
        occurred_at=now,
        recorded_at=now,
    )
    part = out.Part(role=party.role, share=str(party.share), overlay=party.overlay, hash=version.hash)
    match told.what:
        case What.INVITED:
            return out.CosellInvited(**head, **part, respond_by=version.respond_by)
        case What.AGREED:
            return out.CosellAgreed(**head, **part)
        case What.ENDED:
            return out.CosellEnded(**head, reason=_WHY[version.state], because=told.because)


def step_overdue(step: PlanStep, *, now: datetime) -> Event:
    """The notice that a step's day is over."""
    return out.CosellStepOverdue(
        occurred_at=now,
        recorded_at=now,
        step_id=step.id,
        agreement_id=step.agreement_id,
        partner_id=step.owner,
        due_on=step.due_on,
    )
