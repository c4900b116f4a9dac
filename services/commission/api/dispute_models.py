"""Bodies about disputes and the rules they follow."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.commission.dispute_rules import DisputePolicy
from services.commission.domain.dispute import Dispute, Hold, Said, State
from services.commission.store.rule_book import RecordedRules
from shared.chassis.http import Instant
from shared.schemas.base import MoneyAmount

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewDispute(_Body):
    """What is wrong with an entry, in the partner's words."""

    entry_id: UUID
    reason: Text


class AnswerBody(_Body):
    """The vendor's answer."""

    answer: Text
    decide_by: Instant | None = Field(None, description="when the decision is due; default: as long as the answer may take")


class Adjustment(_Body):
    """The partner is right, wholly or in part."""

    amount: str = Field(pattern=r"^-?\d{1,15}(\.\d{1,6})?$", description='major units of the entry\'s currency, not 0: "12.50", "-3.00"')
    reason: Text = Field(description="stands in the adjusting entry")


class Decision(_Body):
    """The entry stands, and why."""

    reason: Text


class SaidView(BaseModel):
    """What was said and when; who said it is shown to the vendor's staff."""

    text: str
    at: datetime
    by: str | None

    @classmethod
    def of(cls, said: Said, *, staff: bool) -> Self:
        return cls(text=said.text, at=said.at, by=said.by if staff else None)


class DisputeView(BaseModel):
    """A dispute about an entry."""

    id: UUID
    partner_id: UUID
    entry_id: UUID
    deal_id: UUID | None
    state: State
    hold: Hold = Field(
        description="held back meanwhile: the entry is frozen, an amount of what is payable is kept, or nothing of it is there"
    )
    held: MoneyAmount = Field(description="what that was at the opening")
    opened: SaidView
    due_at: datetime = Field(description="when the vendor's answer is due, and after that its decision")
    overdue: bool
    answer: SaidView | None
    decision: SaidView | None
    adjustment: MoneyAmount | None = Field(description="booked with the decision, signed")
    adjustment_entry_id: UUID | None
    version: int

    @classmethod
    def of(cls, dispute: Dispute, *, staff: bool) -> Self:
        same = ("id", "partner_id", "entry_id", "deal_id", "state", "hold", "due_at", "version")
        answer, decision, adjustment = dispute.answer, dispute.decision, dispute.adjustment
        return cls(
            **{name: getattr(dispute, name) for name in same},
            held=MoneyAmount(amount_minor=dispute.held, currency=dispute.currency),
            opened=SaidView.of(dispute.opened, staff=staff),
            overdue=dispute.overdue,
            answer=answer and SaidView.of(answer, staff=staff),
            decision=decision and SaidView.of(decision, staff=staff),
            adjustment=None if adjustment is None else MoneyAmount(amount_minor=adjustment, currency=dispute.currency),
            adjustment_entry_id=dispute.adjustment_id,
        )


class NewDisputeRules(_Body):
    """Rules that hold from now on, and why."""

    rules: DisputePolicy
    reason: Annotated[str, Field(min_length=1, max_length=300)]


class DisputeRulesView(BaseModel):
    """The rules in force; version 0 is the programme's."""

    version: int
    rules: DisputePolicy
    recorded_at: datetime
    recorded_by: str
    reason: str

    @classmethod
    def of(cls, recorded: RecordedRules[DisputePolicy]) -> Self:
        return cls(**{name: getattr(recorded, name) for name in cls.model_fields})
