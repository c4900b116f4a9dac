"""Why the intake from sales systems says no, beyond what the rules of deals refuse."""

from shared.chassis.errors import Refused


class OpportunityConflict(Refused):
    """Two bodies under one version: whichever came first stands."""

    code = "opportunity_conflict"
    sentence = "Version {version} of this opportunity is on record with another content."


class OriginUnknown(Refused):
    """It claims to be an echo of ours, and is not: taken as news, it could go round in a loop."""

    code = "origin_unknown"
    status = 422
    sentence = "The origin {origin} names no state of a deal that this opportunity follows."


class BoundToPartner(Refused):
    code = "bound_to_partner"
    status = 403
    sentence = "A sales system speaks for the vendor: use a token that is not bound to one partner."


class ErrorSettled(Refused):
    code = "error_settled"
    sentence = "This error is {state} already."


class PatchInvalid(Refused):
    code = "patch_invalid"
    status = 422
    sentence = "The correction cannot be used: {reason}."
