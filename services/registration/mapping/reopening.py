"""What a reopened deal has of its protection: no reader could work it out, since who else took the account is told to nobody."""

from services.registration.domain.deals.deal import Deal
from shared.schemas.base import Event
from shared.schemas.deals import DealReopened


def with_protection(event: Event, deal: Deal) -> Event:
    """A reopening with the window that the deal has after it; any other event as it is."""
    if not isinstance(event, DealReopened):
        return event
    held = deal.protection
    window = {"protected_from": held.window.start, "protected_until": held.window.end}
    return event.model_copy(update={"protected": held.holds_at(event.occurred_at), **window})
