"""Bodies of answers; the wire's words for the domain's values."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.commission.domain.entries import Kind
from services.commission.domain.waits import why
from services.commission.store.reading import Balance, Shown, Waits
from services.commission.use_cases.audit import Audited
from shared.schemas.base import MoneyAmount


class EntryView(BaseModel):
    """A ledger entry; `amount` is negative where commission was taken back."""

    id: UUID
    partner_id: UUID
    deal_id: UUID | None = Field(description="null: it belongs to no deal")
    close_number: int | None
    kind: Kind
    amount: MoneyAmount
    revenue: MoneyAmount
    plan_version: int
    rule: str
    reason: str
    event_id: str = Field(description="source and id of the event that made it")
    reverses: UUID | None
    state: str = Field(
        description="disputed; contested: a conflict over its deal holds it; of what a hold is for held, payable, reversed, or none"
        " where nothing was due; else booked"
    )
    closed_at: datetime | None
    release_at: datetime | None
    released_at: datetime | None
    contested_at: datetime | None = Field(description="since when conflicts over its deal hold it; null: none does")
    recorded_at: datetime

    @classmethod
    def of(cls, shown: Shown) -> Self:
        entry = shown.entry
        return cls(
            id=entry.id,
            partner_id=entry.partner_id,
            deal_id=entry.deal_id,
            close_number=entry.close_number,
            kind=entry.kind,
            amount=_money(entry.amount, entry.currency),
            revenue=_money(entry.revenue, entry.currency),
            plan_version=entry.plan_version,
            rule=entry.rule,
            reason=entry.reason,
            event_id=entry.fact_id,
            reverses=entry.reverses,
            state=_state(shown),
            closed_at=entry.closed_at,
            release_at=entry.release_at,
            released_at=shown.released_at,
            contested_at=shown.contested_at,
            recorded_at=shown.recorded_at,
        )


class BalanceView(BaseModel):
    """What stands for a partner in one currency. A negative balance is carried until it is earned back."""

    partner_id: UUID
    currency: str
    held: MoneyAmount
    payable: MoneyAmount
    in_payout: MoneyAmount
    paid: MoneyAmount
    total: MoneyAmount = Field(description="held, payable and in payout together")

    @classmethod
    def of(cls, balance: Balance) -> Self:
        buckets = {name: getattr(balance, name) for name in ("held", "payable", "in_payout", "paid")}
        total = _money(balance.held + balance.payable + balance.in_payout, balance.currency)
        money = {name: _money(minor, balance.currency) for name, minor in buckets.items()}
        return cls(partner_id=balance.partner_id, currency=balance.currency, **money, total=total)


class WaitingView(BaseModel):
    """A fact that waits: for the close it belongs to, for a rate, for a plan."""

    event_id: str
    topic: str
    partner_id: str
    reason: str
    message: str
    waits_for: str
    since: datetime

    @classmethod
    def of(cls, waits: Waits) -> Self:
        return cls(
            event_id=waits.event_id,
            topic=waits.topic,
            partner_id=waits.partner,
            reason=waits.reason,
            message=why(waits.reason, waits.predecessor),
            waits_for=waits.predecessor,
            since=waits.since,
        )


class AuditView(BaseModel):
    """Whether the books hold: nothing apart in any currency, and the journal gives the same ledger again."""

    ok: bool
    imbalances: dict[str, int]
    ledger_hash: str
    replay_hash: str
    counts: dict[str, int]

    @classmethod
    def of(cls, audited: Audited) -> Self:
        return cls(ok=audited.ok, **_fields(audited))


def _fields(audited: Audited) -> dict[str, Any]:
    return {name: getattr(audited, name) for name in ("imbalances", "ledger_hash", "replay_hash", "counts")}


def _money(minor: int, currency: str) -> MoneyAmount:
    return MoneyAmount(amount_minor=minor, currency=currency)


def _state(shown: Shown) -> str:
    if shown.disputed:
        return "disputed"
    if shown.contested_at is not None:
        return "contested"
    if shown.entry.kind not in {Kind.ACCRUAL, Kind.SPIFF}:
        return "booked"
    if shown.released_at is not None:
        return "payable"
    if shown.due_at is not None:
        return "held"
    return "reversed" if shown.entry.amount else "none"
