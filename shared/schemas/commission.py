"""Facts about commission, owned by the service `commission`."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Currency, Event, Model, MoneyAmount


class CommissionFact(Event):
    """What every fact about one ledger entry carries. `amount` is signed: a reversal is negative."""

    subject_field: ClassVar[str] = "entry_id"
    entry_id: UUID
    partner_id: UUID
    deal_id: UUID
    amount: MoneyAmount


class CommissionAccrued(CommissionFact):
    """A partner earned commission on a deal; it is held until `release_at`. `revenue` is the partner's part of the net revenue."""

    topic: ClassVar[str] = "commission.accrued"
    revenue: MoneyAmount
    plan_version: int
    rule: str
    release_at: AwareDatetime


class CommissionReversed(CommissionFact):
    """Commission was taken back: `reverses` is the entry that had accrued it."""

    topic: ClassVar[str] = "commission.reversed"
    reverses: UUID
    reason: str


class CommissionAdjusted(Event):
    """An entry that was decided, not accrued on a deal: a bonus, a reward, an adjustment. `reverses` names the entry that it corrects."""

    topic: ClassVar[str] = "commission.adjusted"
    subject_field: ClassVar[str] = "entry_id"
    entry_id: UUID
    partner_id: UUID
    deal_id: UUID | None = None
    amount: MoneyAmount
    kind: str
    reason: str
    reverses: UUID | None = None


class CommissionReleased(CommissionFact):
    """The hold of an entry ended; what is left of it is payable."""

    topic: ClassVar[str] = "commission.released"


class StatementBalance(Model):
    """Where a partner's accounts stand at the end of a statement, in minor units; negative is owed and carried."""

    currency: Currency
    held_minor: int
    payable_minor: int
    in_payout_minor: int
    paid_minor: int


class CommissionStatementIssued(Event):
    """A partner's statement was issued: number `number` of its own, for the days `[period_from, period_until)`. It never changes.

    `hash` is the SHA-256 that the document carries; whoever keeps it can tell later that the document is the same.
    """

    topic: ClassVar[str] = "commission.statement_issued"
    subject_field: ClassVar[str] = "statement_id"
    statement_id: UUID
    partner_id: UUID
    number: int
    period_from: date
    period_until: date
    hash: str
    balances: tuple[StatementBalance, ...]


class PayoutFact(Event):
    """What every fact about one payout carries: `amount` left the partner's balance, `pays` arrives in the payout's currency."""

    subject_field: ClassVar[str] = "payout_id"
    payout_id: UUID
    batch_id: UUID
    partner_id: UUID
    amount: MoneyAmount
    pays: MoneyAmount


class CommissionPayoutStarted(PayoutFact):
    """Payable commission is on its way to the partner."""

    topic: ClassVar[str] = "commission.payout_started"


class CommissionPayoutPaid(PayoutFact):
    """The bank confirmed the payout; `reference` is the bank's."""

    topic: ClassVar[str] = "commission.payout_paid"
    reference: str | None = None


class CommissionPayoutFailed(PayoutFact):
    """The money came back, before or after it was confirmed: it is payable again."""

    topic: ClassVar[str] = "commission.payout_failed"
    reason: str


class CommissionDisputeFact(Event):
    """What every fact about a dispute carries: which entry of which partner it is about. What was said is read over the API."""

    subject_field: ClassVar[str] = "dispute_id"
    dispute_id: UUID
    partner_id: UUID
    entry_id: UUID
    deal_id: UUID | None = None


class CommissionDisputeOpened(CommissionDisputeFact):
    """A partner disputes one of its entries; the vendor's answer is due at `due_at`.

    `hold`: the entry is frozen (`entry`), so much of what is payable is kept back (`amount`), or none of it is there any more (`nothing`).
    """

    topic: ClassVar[str] = "commission.dispute_opened"
    hold: str
    held: MoneyAmount
    due_at: AwareDatetime


class CommissionDisputeAnswered(CommissionDisputeFact):
    """The vendor answered a dispute; its decision is due at `due_at`."""

    topic: ClassVar[str] = "commission.dispute_answered"
    due_at: AwareDatetime


class CommissionDisputeResolved(CommissionDisputeFact):
    """A dispute was settled: adjusted (with the adjusting entry and its signed amount), declined or withdrawn. Nothing is held any more."""

    topic: ClassVar[str] = "commission.dispute_resolved"
    outcome: str
    adjustment: MoneyAmount | None = None
    adjustment_entry_id: UUID | None = None
