"""Facts about the money that customers of won deals were asked for and paid, brought in by service `commission`."""

from typing import ClassVar

from pydantic import Field

from shared.schemas.base import MoneyAmount
from shared.schemas.deals import DealFact


class CashFact(DealFact):
    """What both facts carry: `amount` (above 0) of close `close_number`, under the `reference` that the books give it.

    `occurred_at` is the date of the invoice or of the payment. `source` and `external_id` name the sales system's opportunity,
    if the document was booked by it.
    """

    close_number: int = Field(ge=1)
    amount: MoneyAmount
    reference: str
    source: str | None = None
    external_id: str | None = None


class DealInvoiced(CashFact):
    """A customer was invoiced for a part of a won deal, or for all of it."""

    topic: ClassVar[str] = "deal.invoiced"


class DealPaid(CashFact):
    """A customer paid a part of a won deal, or all of it."""

    topic: ClassVar[str] = "deal.paid"
