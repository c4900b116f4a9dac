"""Bodies of the routes for banks' reports."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.commission.domain.bank_reports import Outcome, Result
from services.commission.store.bank_reports import Taken


class LineView(BaseModel):
    """What the bank told of one payment, and what became of it."""

    end_to_end_id: str
    payout_id: UUID | None = Field(description="null: no payout of this batch that was sent has that id")
    status: str = Field(description="ISO 20022: ACSC and ACCC arrived, RJCT came back, any other is on its way")
    reason: str | None
    result: Result

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        return cls(
            end_to_end_id=outcome.payment,
            payout_id=outcome.payout_id,
            status=outcome.status,
            reason=outcome.reason,
            result=outcome.result,
        )


class BankReportView(BaseModel):
    """A bank's report (pain.002) and what it did. `repeated`: it was on record before, and nothing was done now."""

    message_id: str
    batch_id: UUID | None = Field(description="null: it is about no batch that was sent")
    received_at: datetime
    received_by: str
    repeated: bool = False
    lines: list[LineView]

    @classmethod
    def of(cls, taken: Taken, *, repeated: bool = False) -> Self:
        return cls(
            message_id=taken.message_id,
            batch_id=taken.batch_id,
            received_at=taken.received_at,
            received_by=taken.received_by,
            repeated=repeated,
            lines=[LineView.of(outcome) for outcome in taken.outcomes],
        )
