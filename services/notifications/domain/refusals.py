"""What the service says no to, in sentences that a partner could read."""

from shared.chassis.errors import Refused


class UrlRefused(Refused):
    code = "url_refused"
    status = 422
    sentence = "This address cannot receive webhooks: {why}."


class EventTypeUnknown(Refused):
    code = "event_type_unknown"
    status = 422
    sentence = "There is no event type {pattern}. Name types such as deal.closed, a group such as deal.*, or nothing for all."


class EndpointLimitReached(Refused):
    code = "endpoint_limit"
    status = 409
    sentence = "There are {limit} webhook endpoints already, which is the limit. Remove one first."


class EndpointDisabled(Refused):
    code = "endpoint_disabled"
    status = 409
    sentence = "This webhook endpoint is disabled. Enable it first."


class RotationUnderWay(Refused):
    code = "rotation_under_way"
    status = 409
    sentence = (
        "The former secret signs until {until}. Wait for that, or rotate with immediate = true, which revokes all former secrets at once."
    )


class DeliveryOpen(Refused):
    code = "delivery_open"
    status = 409
    sentence = "This delivery is still being tried; its next attempt is due at {due}."


class CursorUnreadable(Refused):
    code = "cursor_unreadable"
    status = 422
    sentence = "This cursor was not made by the feed. Leave it out to read from the oldest event that is kept."


class CursorExpired(Refused):
    code = "cursor_expired"
    status = 410
    sentence = "Events after this cursor are no longer kept. Leave the cursor out to read from the oldest event that is."


class OtherPartner(Refused):
    code = "other_partner"
    status = 403
    sentence = "Your token speaks for one partner, and the request names another."
