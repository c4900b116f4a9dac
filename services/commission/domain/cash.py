"""Invoices and payments of won deals, as the vendor's books tell them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.chassis.errors import Refused
from shared.chassis.money import Money


class CashKind(StrEnum):
    """What a document is: money asked for, or money that came in."""

    INVOICE = "invoice"
    PAYMENT = "payment"


class DealUnnamed(Refused):
    code = "deal_unnamed"
    status = 422
    sentence = "Name the deal by its id, or by a sales system (source) and the opportunity's id there (external_id)."


class CashNotPositive(Refused):
    code = "cash_not_positive"
    status = 422
    sentence = "An invoice or a payment is an amount above 0; what goes back to the customer is a refund of the deal."


class ReferenceTaken(Refused):
    code = "reference_taken"
    sentence = "Another {kind} with the reference {reference} is on record, with other content; a document counts once."


class VendorOnly(Refused):
    code = "vendor_only"
    status = 403
    sentence = "Invoices and payments come from the vendor's books; a partner reads what became of its own."


@dataclass(frozen=True, slots=True)
class Document:
    """One invoice or payment. Its deal is named by `deal_id`, or by `source` and `external_id`.

    `reference` is its number in the books and unique among its kind. `close_number` None: the close that stands when the deal
    is found.
    """

    kind: CashKind
    reference: str
    amount: Money
    at: datetime
    deal_id: UUID | None = None
    source: str | None = None
    external_id: str | None = None
    close_number: int | None = None


def checked(document: Document) -> Document:
    """The document. Raises DealUnnamed or CashNotPositive."""
    if document.deal_id is None and (document.source is None or document.external_id is None):
        raise DealUnnamed
    if document.amount.minor <= 0:
        raise CashNotPositive
    return document
