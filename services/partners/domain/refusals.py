"""What the service says no to, in sentences that a partner could read."""

from shared.chassis.errors import Refused


class PartnerStateRefused(Refused):
    code = "partner_state"
    status = 409
    sentence = "A partner that is {state} cannot be {verb}."


class EnrolmentInFuture(Refused):
    code = "enrolment_in_future"
    status = 422
    sentence = "The enrolment date lies in the future: give the day on which the agreement was signed."
