"""Due work besides sending."""

from functools import partial

from services.notifications.policy import Programme
from services.notifications.use_cases.prune import prune
from shared.chassis.timers import Timer

_HOUR_S = 3_600.0


def timers(programme: Programme) -> tuple[Timer, ...]:
    """Old feed entries, deliveries and attempts go once an hour."""
    return (Timer("prune feed and deliveries", _HOUR_S, partial(prune, programme=programme)),)
