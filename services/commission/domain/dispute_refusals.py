"""What disputes say no to, each with a stable code and a sentence that a partner could read."""

from shared.chassis.errors import Refused


class PartnerOnly(Refused):
    code = "partner_only"
    status = 403
    sentence = "A dispute is opened and withdrawn by the partner whose entry it is; staff answer and decide it."


class DisputeTooLate(Refused):
    code = "dispute_too_late"
    sentence = "This entry could be disputed until {until}: {days} days after the statement that shows it."


class DisputeOpen(Refused):
    code = "dispute_open"
    sentence = "This entry is disputed already; that dispute is to be settled before there is another."


class DisputeAnswered(Refused):
    code = "dispute_answered"
    sentence = "This dispute has its answer; what comes next is the decision."


class DisputeSettled(Refused):
    code = "dispute_settled"
    sentence = "This dispute is {state}, and settled for good."


class DecisionDueInvalid(Refused):
    code = "decision_due_invalid"
    status = 422
    sentence = "The decision can only be due later than now."


class AdjustmentZero(Refused):
    code = "adjustment_zero"
    status = 422
    sentence = "An adjustment is more or less than 0; to leave the entry as it is, decline the dispute."
