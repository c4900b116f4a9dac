"""What tiering says no to when it takes facts in, each with a stable code. Commission refuses the same shares by the same codes."""

from shared.chassis.errors import Refused


class SplitsNotOne(Refused):
    code = "splits_not_one"
    status = 422
    sentence = "The shares of a deal must total exactly 1; these total {total}."


class ShareInvalid(Refused):
    code = "share_invalid"
    status = 422
    sentence = "Each partner of a deal needs a share above 0; {share} is none."


class InstantOutOfRange(Refused):
    code = "instant_out_of_range"
    status = 422
    sentence = "{instant} lies, in UTC, outside of the years 1 to 9999."
