"""Why a lead is refused: each with its code, its HTTP status and a sentence that a partner may read."""

from shared.chassis.errors import Refused


class LeadOfOther(Refused):
    code = "lead_of_other"
    status = 403
    sentence = "You may share leads of your own company only."


class LeadOtherSide(Refused):
    code = "lead_other_side"
    status = 403
    sentence = "That is for the side that {side} the lead."


class LeadNotOpen(Refused):
    code = "lead_not_open"
    sentence = "This lead is {state}; only a lead that waits for its answer allows that."


class LeadTooLate(Refused):
    code = "lead_too_late"
    sentence = "This lead was to be answered before {answer_by}. Ask for it to be shared again."


class LeadNotAccepted(Refused):
    code = "lead_not_accepted"
    sentence = "This lead is {state}; only an accepted one allows that."
