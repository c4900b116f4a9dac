"""Where a registration stands in one word, as people speak of it: its state, and how its protection stands beside that."""

from datetime import datetime
from enum import StrEnum

from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import State


class Phase(StrEnum):
    """The life of a registration. Expiry ends exclusivity, not the deal."""

    IN_REVIEW = "in_review"
    RETURNED = "returned"
    PROTECTED = "protected"
    EXTENDED = "extended"
    EXPIRING = "expiring"
    UNPROTECTED = "unprotected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    WON = "won"
    LOST = "lost"


def phase_of(deal: Deal, *, now: datetime) -> Phase:
    """`unprotected` is what never had exclusivity: history that came second."""
    if deal.state is not State.OPEN:
        return Phase(deal.state.value)
    if not deal.protection.granted:
        return Phase.UNPROTECTED
    if not deal.protection.holds_at(now):
        return Phase.EXPIRED
    if deal.warned:
        return Phase.EXPIRING
    return Phase.EXTENDED if deal.protection.extensions else Phase.PROTECTED
