"""Why registration says no: each with its code, its HTTP status and a sentence that a partner may read."""

from shared.chassis.errors import Refused


class AccountTaken(Refused):
    """The rival's notice: the same for everyone, whoever holds the account. `refusal_id` (not in the sentence) names it on record."""

    code = "account_taken"
    sentence = "This account is already registered for these products and this territory."


class AccountAmbiguous(Refused):
    """`refusal_id` as above."""

    code = "account_ambiguous"
    sentence = "What you gave of the customer matches more than one account. A channel manager will look at it."


class AccountNameMissing(Refused):
    code = "account_name_missing"
    status = 422
    sentence = "The customer's legal name is missing."


class FamiliesMissing(Refused):
    code = "families_missing"
    status = 422
    sentence = "Name at least one product family."


class PartnerUnknown(Refused):
    code = "partner_unknown"
    status = 422
    sentence = "There is no active partner with this id."


class PartnerInactive(Refused):
    code = "partner_inactive"
    status = 403
    sentence = "This partner may not register deals at present."


class QuotaReached(Refused):
    code = "quota_reached"
    sentence = "You have {limit} open registrations, the most that the programme allows. Close or withdraw one first."


class CoolOff(Refused):
    code = "cool_off"
    sentence = "You registered this account before. It may be registered again {days} days after that registration ended."


class RegisteredInFuture(Refused):
    code = "registered_in_future"
    status = 422
    sentence = "A registration cannot begin in the future."


class StaffOnly(Refused):
    code = "staff_only"
    status = 403
    sentence = "Only the vendor may give {field}: for partners the time of receipt counts."


class PartnerMismatch(Refused):
    code = "partner_mismatch"
    status = 403
    sentence = "You may register deals for your own company only."


class AlreadyClosed(Refused):
    code = "already_closed"
    sentence = "This deal is already closed. Reopen it or amend it."


class NotOpen(Refused):
    code = "deal_not_open"
    sentence = "This deal is {state}; only an open deal allows that."


class NotClosed(Refused):
    code = "deal_not_closed"
    sentence = "This deal is {state}; only a closed deal can be reopened."


class NotWon(Refused):
    code = "deal_not_won"
    sentence = "This deal is {state}; only a won deal can be amended or refunded."


class CloseBeforeRegistration(Refused):
    code = "close_before_registration"
    status = 422
    sentence = "A deal cannot close before it was registered."


class CloseInFuture(Refused):
    code = "close_in_future"
    status = 422
    sentence = "A deal cannot close in the future."


class CreditHeldByRival(Refused):
    code = "credit_held_by_rival"
    sentence = "Your protection had ended and the account is registered anew. A channel manager must decide on the credit."


class CreditExpired(Refused):
    code = "credit_expired"
    sentence = "Your protection had ended before this deal was won, and the programme gives no credit after that."


class CreditUnderReview(Refused):
    code = "credit_review"
    sentence = "Your protection had ended before this deal was won. A channel manager must decide on the credit."


class ProtectionOver(Refused):
    code = "protection_over"
    sentence = "Protection has ended; it can only be extended before."


class ExtensionsUsed(Refused):
    code = "extensions_used"
    sentence = "Protection of this deal was already extended {times} time(s), the most that the programme allows."


class SplitsNotOne(Refused):
    code = "splits_not_one"
    status = 422
    sentence = "The shares must be above zero and total exactly 1 (they total {total})."


class BeneficiaryTwice(Refused):
    code = "beneficiary_twice"
    status = 422
    sentence = "A partner is named twice among the beneficiaries."


class AmountMissing(Refused):
    code = "amount_missing"
    status = 422
    sentence = "A won deal needs an amount or lines."


class AmountNegative(Refused):
    code = "amount_negative"
    status = 422
    sentence = "Amounts cannot be negative: a refund takes money back."


class LinesInvalid(Refused):
    code = "lines_invalid"
    status = 422
    sentence = "The lines are not right: {reason}."


class RefundInvalid(Refused):
    code = "refund_invalid"
    status = 422
    sentence = "The refund is not right: {reason}."


class RefundExceedsSale(Refused):
    code = "refund_exceeds_sale"
    sentence = "More would be refunded than was sold."


class RefundKnown(Refused):
    code = "refund_known"
    sentence = "A refund with this id is already on record."


class AmendBelowRefunds(Refused):
    code = "amend_below_refunds"
    sentence = "The new terms do not cover what was already refunded."


class PartnerChanged(Refused):
    code = "partner_changed"
    sentence = "The opportunity names another partner than its registration. A channel manager must decide."


class ClosedAtMissing(Refused):
    code = "closed_at_missing"
    status = 422
    sentence = "A closed opportunity needs the date of its close."


class NotInReview(Refused):
    code = "deal_not_in_review"
    sentence = "This registration is {state}; only one that is in review can be decided."


class NotReturned(Refused):
    code = "deal_not_returned"
    sentence = "This registration is {state}; only one that was returned to you can be submitted again."


class ResubmissionsUsed(Refused):
    code = "resubmissions_used"
    sentence = "This registration was submitted again {times} time(s), the most that the programme allows."


class TakenMeanwhile(Refused):
    code = "taken_meanwhile"
    sentence = "The review took so long that the account was registered meanwhile. Reject this one, or settle it as a conflict."


class EvidenceMissing(Refused):
    code = "evidence_missing"
    status = 422
    sentence = "The programme asks for evidence: say what you have done with this customer so far."


class ExtensionPending(Refused):
    code = "extension_pending"
    sentence = "An extension of this deal was asked for already and waits for a decision."


class ExtensionNotAsked(Refused):
    code = "extension_not_asked"
    sentence = "No extension of this deal waits for a decision."


class StageUnknown(Refused):
    code = "stage_unknown"
    status = 422
    sentence = "The programme knows these stages: {stages}."


class ExistingOpportunity(Refused):
    """The same for a partner whatever the vendor has there."""

    code = "existing_opportunity"
    sentence = "The vendor works with this customer itself. A channel manager can tell you more."


class WaitingListClosed(Refused):
    code = "waiting_list_closed"
    sentence = "The programme keeps no waiting list."


class NotOffered(Refused):
    code = "not_offered"
    sentence = "This account is not offered to you at present; your place on the waiting list is {state}."


class DraftIncomplete(Refused):
    code = "draft_incomplete"
    status = 422
    sentence = "The draft cannot be submitted yet: {reason}."
