"""Events in and out: what a service declares (Handlers, Incoming) and the machinery behind it."""

from shared.chassis.events.handlers import Handlers
from shared.chassis.events.incoming import Incoming, Raw

__all__ = ["Handlers", "Incoming", "Raw"]
