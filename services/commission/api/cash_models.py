"""Bodies about invoices and payments."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.commission.domain.cash import CashKind, Document, checked
from services.commission.store.cash import Kept
from shared.chassis.http import Instant
from shared.chassis.money import Money
from shared.schemas.base import Currency

_DEAL = "or name it by `source` and `external_id`"


class NewDocument(BaseModel):
    """An invoice or a payment of one deal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reference: str = Field(min_length=1, max_length=200, description="its number in your books; the same document sent again counts once")
    amount: str = Field(pattern=r"^\d{1,18}(\.\d{1,6})?$", description='major units, above 0: "1054.00"')
    currency: Currency
    at: Instant = Field(description="the date of the invoice, or when the money came in")
    deal_id: UUID | None = Field(None, description=_DEAL)
    source: str | None = Field(None, min_length=1, max_length=100, description="the sales system that the deal was imported from")
    external_id: str | None = Field(None, min_length=1, max_length=200, description="the opportunity's id there")
    close_number: int | None = Field(None, ge=1, le=2**31 - 1, description="default: the close that stands when the deal is found")

    def document(self, kind: CashKind) -> Document:
        """The document. Raises AmountPrecision, CurrencyUnknown, DealUnnamed or CashNotPositive."""
        return checked(
            Document(
                kind=kind,
                reference=self.reference,
                amount=Money.parse(self.amount, self.currency),
                at=self.at,
                deal_id=self.deal_id,
                source=self.source,
                external_id=self.external_id,
                close_number=self.close_number,
            )
        )


class CashRow(NewDocument):
    """One line of an import."""

    kind: CashKind


class CashView(BaseModel):
    """An invoice or a payment, and what became of it."""

    reference: str
    amount: str
    currency: str
    at: datetime
    deal_id: UUID | None
    source: str | None
    external_id: str | None
    close_number: int | None
    partner_id: UUID | None
    state: Literal["waiting", "sent", "booked", "refused"] = Field(
        description="waiting: see `reason`; sent: on its way to the books; booked; refused: `reason` is the code, `message` the sentence"
    )
    reason: str | None
    message: str | None
    recorded_at: datetime

    @classmethod
    def of(cls, kept: Kept) -> Self:
        told = kept.document
        same = {name: getattr(told, name) for name in ("reference", "at", "deal_id", "source", "external_id", "close_number")}
        stands = {name: getattr(kept, name) for name in ("partner_id", "state", "reason", "message", "recorded_at")}
        return cls(amount=str(told.amount), currency=told.amount.currency, **same, **stands)


class CashResult(BaseModel):
    """What became of one row of an import."""

    line: int
    reference: str | None
    result: Literal["recorded", "unchanged", "refused"]
    state: str | None = Field(None, description="where the document stands now")
    code: str | None = None
    message: str | None = None
