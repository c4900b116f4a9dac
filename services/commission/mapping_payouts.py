"""Steps of payouts as published events."""

from datetime import datetime
from typing import Any

from services.commission.domain.payouts import Payout
from shared.schemas.base import MoneyAmount
from shared.schemas.commission import CommissionPayoutFailed, CommissionPayoutPaid, CommissionPayoutStarted


def payout_started(payout: Payout, *, now: datetime) -> CommissionPayoutStarted:
    """The partner's money is under way."""
    return CommissionPayoutStarted(occurred_at=now, **_common(payout, now))


def payout_paid(payout: Payout, *, at: datetime, reference: str | None, now: datetime) -> CommissionPayoutPaid:
    """The bank confirmed it, at `at`."""
    return CommissionPayoutPaid(occurred_at=at, reference=reference, **_common(payout, now))


def payout_failed(payout: Payout, *, reason: str, now: datetime) -> CommissionPayoutFailed:
    """The money came back."""
    return CommissionPayoutFailed(occurred_at=now, reason=reason, **_common(payout, now))


def _common(payout: Payout, now: datetime) -> dict[str, Any]:
    return {
        "recorded_at": now,
        "payout_id": payout.id,
        "batch_id": payout.batch_id,
        "partner_id": payout.partner_id,
        "amount": MoneyAmount(amount_minor=payout.amount, currency=payout.currency),
        "pays": MoneyAmount(amount_minor=payout.pays, currency=payout.pays_currency),
    }
