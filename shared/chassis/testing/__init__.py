"""What tests of every service ride on: real servers with a reset, a clock that is set by hand, waiting with a deadline."""

from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.waiting import eventually

__all__ = ["ManualClock", "eventually"]
