"""Disputes as published events. What was said stays out of them: it may name anybody, and facts are kept for good."""

from datetime import datetime
from typing import Any

from services.commission.domain.dispute import Dispute
from shared.schemas.base import MoneyAmount
from shared.schemas.commission import CommissionDisputeAnswered, CommissionDisputeOpened, CommissionDisputeResolved


def dispute_opened(dispute: Dispute, *, now: datetime) -> CommissionDisputeOpened:
    """A partner disputes an entry."""
    held = MoneyAmount(amount_minor=dispute.held, currency=dispute.currency)
    return CommissionDisputeOpened(**_common(dispute, dispute.opened.at, now), hold=dispute.hold.value, held=held, due_at=dispute.due_at)


def dispute_answered(dispute: Dispute, *, now: datetime) -> CommissionDisputeAnswered:
    """Staff answered it."""
    return CommissionDisputeAnswered(**_common(dispute, now, now), due_at=dispute.due_at)


def dispute_resolved(dispute: Dispute, *, now: datetime) -> CommissionDisputeResolved:
    """It is settled."""
    booked = dispute.adjustment
    return CommissionDisputeResolved(
        **_common(dispute, now, now),
        outcome=dispute.state.value,
        adjustment=None if booked is None else MoneyAmount(amount_minor=booked, currency=dispute.currency),
        adjustment_entry_id=dispute.adjustment_id,
    )


def _common(dispute: Dispute, at: datetime, now: datetime) -> dict[str, Any]:
    common = {name: getattr(dispute, name) for name in ("partner_id", "entry_id", "deal_id")}
    return {**common, "dispute_id": dispute.id, "occurred_at": at, "recorded_at": now}
