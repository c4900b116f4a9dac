"""Why co-selling is refused: each with its code, its HTTP status and a sentence that a partner may read."""

from shared.chassis.errors import Refused


class RegistrantMissing(Refused):
    code = "registrant_missing"
    status = 422
    sentence = "The partner that registered the deal must be one of the parties."


class VersionNotProposed(Refused):
    code = "version_not_proposed"
    sentence = "This version is {state}; only one that is proposed can be signed or declined."


class OtherDocument(Refused):
    code = "other_document"
    sentence = "The hash you signed is not that of this version's document. Read it again, then decide."


class AlreadySigned(Refused):
    code = "already_signed"
    sentence = "You have signed this version already."


class NoSide(Refused):
    code = "no_side"
    status = 403
    sentence = "You are no side of this version."


class NothingInForce(Refused):
    code = "nothing_in_force"
    sentence = "No version of this agreement is in force."


class SplitAgreed(Refused):
    code = "split_agreed"
    sentence = "The credits differ from those that all sides have signed. Leave them out, or agree on a new version first."


class StepOfOther(Refused):
    code = "step_of_other"
    status = 403
    sentence = "A party plans and moves its own steps only."
