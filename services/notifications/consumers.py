"""Which events lead to which use case."""

from services.notifications.mapping import CONSUMED
from services.notifications.use_cases.record_events import record_events
from shared.chassis.events import Handlers


def handlers() -> Handlers:
    """Everything that a partner may see, many at a time. No event waits for another: each is passed on as it came."""
    return Handlers(types=CONSUMED, batch=record_events)
