"""Room for sends: hanging and failing receivers never use up what the others need."""

from uuid import UUID

from services.notifications.domain.lanes import Limits, Sending, full, room

NOW = 1000.0
LIMITS = Limits(fast=8, slow=4, most=20, each=3, slow_after=1.0)


def sends(*endpoints: int, age_s: float = 0, suspect: bool = False) -> list[Sending]:
    return [Sending(UUID(int=number), NOW - age_s, suspect) for number in endpoints]


def test_room_when_idle_is_both_lanes() -> None:
    found = room(LIMITS, under_way=[], now=NOW)
    assert (found.fast, found.slow, found.busy) == (8, 4, {})


def test_room_counts_each_endpoint_in_its_lane() -> None:
    found = room(LIMITS, under_way=[*sends(1, 1, 2), *sends(9, suspect=True)], now=NOW)
    assert (found.fast, found.slow) == (5, 3)
    assert found.busy == {UUID(int=1): 2, UUID(int=2): 1, UUID(int=9): 1}


def test_endpoints_that_hang_leave_the_fast_lane() -> None:
    hanging = sends(1, 1, 1, 2, 2, 2, 3, 3, age_s=2)
    found = room(LIMITS, under_way=hanging, now=NOW)
    assert found.fast == 8
    assert found.slow == 0
    assert found.suspects == {UUID(int=1), UUID(int=2), UUID(int=3)}


def test_room_never_exceeds_what_the_process_may_hold() -> None:
    found = room(LIMITS, under_way=sends(*range(1, 19), age_s=2), now=NOW)
    assert found.fast + found.slow <= 2
    assert room(LIMITS, under_way=sends(*range(1, 21), age_s=2), now=NOW).none


def test_endpoints_that_started_all_they_may_are_looked_at_again_when_a_send_ends() -> None:
    space = room(LIMITS, under_way=[*sends(1, 1, 2), *sends(9, suspect=True)], now=NOW)
    started = [*sends(1, 2, 3), *sends(8, suspect=True)]
    assert full(LIMITS, space, started=started) == {UUID(int=1), UUID(int=8), UUID(int=9)}
