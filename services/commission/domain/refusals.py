"""What commission says no to, each with a stable code and a sentence that a partner could read."""

from collections.abc import Sequence
from typing import Self

from services.commission.domain.brackets import Fault
from shared.chassis.errors import Refused


class SplitsNotOne(Refused):
    code = "splits_not_one"
    status = 422
    sentence = "The shares of a deal must total exactly 1; these total {total}."


class ShareInvalid(Refused):
    code = "share_invalid"
    status = 422
    sentence = "Each partner of a deal needs one share above 0, named once."


class AmountNegative(Refused):
    code = "amount_negative"
    status = 422
    sentence = "A deal is sold for 0 or more; what goes back to the customer is a refund."


class InstantOutOfRange(Refused):
    code = "instant_out_of_range"
    status = 422
    sentence = "An instant of a deal lies in the years {first} to {last}."


class LinesMismatch(Refused):
    code = "lines_mismatch"
    status = 422
    sentence = "The lines total {lines} minor units, but the amount says {amount}."


class LineUnknown(Refused):
    code = "line_unknown"
    status = 422
    sentence = "The deal has no line {line}."


class CurrencyMismatch(Refused):
    code = "currency_mismatch"
    status = 422
    sentence = "The deal was sold in {sold}, so it cannot change in {given}."


class AlreadyClosed(Refused):
    code = "already_closed"
    sentence = "Close {number} of this deal is on record; a deal closes once until it is reopened."


class EventConflict(Refused):
    code = "event_conflict"
    sentence = "Another event with this id was accepted before, with other content."


class RefundExceedsSale(Refused):
    code = "refund_exceeds_sale"
    status = 422
    sentence = "No more than what was sold can be refunded: {refunded} of {sold} minor units."


class RefundInvalid(Refused):
    code = "refund_invalid"
    status = 422
    sentence = "A refund is an amount above 0."


class InvoiceExceedsSale(Refused):
    code = "invoice_exceeds_sale"
    status = 422
    sentence = "No more than what was sold can be invoiced: {received} of {sold} minor units."


class PaymentExceedsSale(Refused):
    code = "payment_exceeds_sale"
    status = 422
    sentence = "No more than what was sold can be paid: {received} of {sold} minor units."


class ReceiptInvalid(Refused):
    code = "receipt_invalid"
    status = 422
    sentence = "An invoice or a payment is an amount above 0."


class FxRateExists(Refused):
    code = "fx_rate_exists"
    sentence = "{day} has a rate from {source} to {target} already ({rate}); entries may stand on it, so it never changes."


class RewardGranted(Refused):
    code = "reward_granted"
    sentence = "Reward {name} of {period} was granted before."


class DealNotWon(Refused):
    code = "deal_not_won"
    sentence = "Close {number} of this deal was not won, so there is nothing to change."


class CloseUndone(Refused):
    code = "close_undone"
    sentence = "Close {number} of this deal was undone; nothing is left of it to change."


class NothingStands(Refused):
    code = "nothing_stands"
    sentence = "Nothing of this entry stands any more: it was taken back with its deal, or is frozen."


class Superseded(Refused):
    code = "superseded"
    sentence = "A later revision of these terms is on record already."


class PlanInvalid(Refused):
    code = "plan_invalid"
    status = 422
    sentence = "The plan has faults: {faults}."

    @classmethod
    def of(cls, found: Sequence[Fault]) -> Self:
        """`details` holds the faults (`found`) and their codes beside the sentence."""
        refusal = cls(faults=", ".join(f"{fault.code} at {fault.place}" for fault in found))
        refusal.details["codes"] = tuple(fault.code for fault in found)
        refusal.details["found"] = tuple(found)
        return refusal


class QuoteInvalid(PlanInvalid):
    code = "quote_invalid"
    sentence = "The document has faults: {faults}."


class PlanStartsInPast(Refused):
    code = "plan_starts_in_past"
    status = 422
    sentence = "A version may start today ({today}) or later; this one starts on {first}."


class PlanCurrencyFixed(Refused):
    code = "plan_currency_fixed"
    status = 422
    sentence = "Currency ({currency}), time zone and first month are the programme's for good: positions are kept in them."
