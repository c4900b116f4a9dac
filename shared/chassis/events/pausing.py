"""When too many events are parked something is wrong with the service, not with the events: stop taking more in."""

import time
from collections import deque

_SHARE_NEEDS = 20  # parked events before their share of all means anything


class Breaker:
    """Counts parked events within a window; trips by number or by share, closes when operators settled half of them."""

    def __init__(self, *, limit: int, share: float, window_s: float) -> None:
        self._limit, self._share, self._window_s = limit, share, window_s
        self._seen: deque[tuple[float, int, int]] = deque()
        self._parked_at_trip = 0
        self.tripped = False

    def note(self, *, handled: int, parked: int) -> None:
        """Add what one transaction did."""
        now = time.monotonic()
        self._seen.append((now, handled, parked))
        while self._seen and self._seen[0][0] < now - self._window_s:
            self._seen.popleft()
        all_parked = sum(row[2] for row in self._seen)
        total = all_parked + sum(row[1] for row in self._seen)
        by_share = all_parked >= _SHARE_NEEDS and all_parked > self._share * total
        if all_parked >= self._limit or by_share:
            self.trip(all_parked)

    def trip(self, parked: int) -> None:
        """Stop: `parked` events are open."""
        self.tripped = True
        self._parked_at_trip = max(parked, 1)

    def review(self, still_parked: int) -> None:
        """Close again once fewer than half of the events that tripped it are still open."""
        if self.tripped and 2 * still_parked < self._parked_at_trip:
            self.tripped = False
            self._seen.clear()

    def starting(self, still_parked: int) -> None:
        """A restarted worker finds what its predecessor left parked: it does not go on as if nothing were."""
        if still_parked >= self._limit:
            self.trip(still_parked)
