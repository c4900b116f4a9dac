"""How many sends may be under way, so that hanging receivers delay nobody else: two lanes, and a few sends per endpoint."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Limits:
    """`fast` sends at once to endpoints in good standing and `slow` to suspects; `most` in all, whatever happens.

    One endpoint has at most `each` sends under way, a suspect one. A send that takes longer than `slow_after` makes
    its endpoint a suspect, so that receivers which begin to hang hold the fast lane no longer than that.
    Times are seconds of a monotonic clock.
    """

    fast: int
    slow: int
    most: int
    each: int
    slow_after: float


@dataclass(frozen=True, slots=True)
class Sending:
    """A send under way. `suspect`: its endpoint's last attempt failed."""

    endpoint_id: UUID
    since: float
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """What may be started now: sends in each lane, given how many each endpoint has and which ones are suspects."""

    fast: int
    slow: int
    busy: dict[UUID, int]
    suspects: frozenset[UUID]

    @property
    def none(self) -> bool:
        return self.fast == 0 and self.slow == 0


def room(limits: Limits, *, under_way: Sequence[Sending], now: float) -> Room:
    """The room that the sends `under_way` leave."""
    suspects = frozenset(send.endpoint_id for send in under_way if send.suspect or now - send.since > limits.slow_after)
    in_slow = sum(send.endpoint_id in suspects for send in under_way)
    left = max(limits.most - len(under_way), 0)
    fast = min(max(limits.fast - (len(under_way) - in_slow), 0), left)
    return Room(
        fast=fast,
        slow=min(max(limits.slow - in_slow, 0), left - fast),
        busy=dict(Counter(send.endpoint_id for send in under_way)),
        suspects=suspects,
    )


def full(limits: Limits, space: Room, *, started: Sequence[Sending]) -> frozenset[UUID]:
    """The endpoints that may have more due than they could start: when one of their sends ends, it is time to look again."""
    counts = Counter(space.busy) + Counter(send.endpoint_id for send in started)
    suspects = space.suspects | {send.endpoint_id for send in started if send.suspect}
    return frozenset(endpoint for endpoint, count in counts.items() if count >= (1 if endpoint in suspects else limits.each))
