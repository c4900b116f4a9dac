"""What payouts say no to, each with a stable code and a sentence that a partner could read."""

from shared.chassis.errors import Refused


class SamePerson(Refused):
    code = "same_person"
    status = 403
    sentence = "Who drafted a batch does not approve it: a second person must."


class PayeeSetByApprover(Refused):
    code = "payee_set_by_approver"
    status = 403
    sentence = "You set where money of this batch goes (payouts concerned: {payouts}): another person must approve it."


class BatchInOtherState(Refused):
    code = "batch_in_other_state"
    sentence = "The batch is {state}; this takes one that is {expected}."


class BatchEmpty(Refused):
    code = "batch_empty"
    sentence = "Nothing in this batch can be paid; see the reasons of its payouts."


class PayoutInOtherState(Refused):
    code = "payout_in_other_state"
    sentence = "Payout {id} is {state}; this takes one that is {expected}."


class AccountMissing(Refused):
    code = "account_missing"
    sentence = "No account to pay {currency} from is named in the payout rules."


class TaxFormNotGood(Refused):
    code = "tax_form_expired"
    status = 422
    sentence = "A tax form must be good today ({today}) or later; this one ended on {until}."


class FileInvalid(Refused):
    code = "payment_file_invalid"
    sentence = "The bank's schema does not accept the file: {why}."


class StatusReportUnreadable(Refused):
    code = "status_report_unreadable"
    status = 422
    sentence = "The file cannot be read as a bank's status report: {why}."


class StatusReportConflict(Refused):
    code = "status_report_conflict"
    sentence = "A bank's report named {message} is on record with another content; confirm or fail its payouts one by one."
