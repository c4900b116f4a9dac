"""Which event types an endpoint wants: exact types, groups (`deal.*`) or everything."""

from collections.abc import Iterable

from services.notifications.domain.refusals import EventTypeUnknown

EVERYTHING = "*"


def patterns_matching(event_type: str) -> tuple[str, ...]:
    """Every pattern that lets `event_type` through; an endpoint gets the event if it holds one of them."""
    group, _, _ = event_type.partition(".")
    return EVERYTHING, f"{group}.*", event_type


def normalised(patterns: Iterable[str], *, known: Iterable[str]) -> tuple[str, ...]:
    """The patterns sorted, each once; none at all means everything. Raises EventTypeUnknown for one that could never match."""
    possible = {pattern for event_type in known for pattern in patterns_matching(event_type)}
    wanted = sorted(set(patterns)) or [EVERYTHING]
    for pattern in wanted:
        if pattern not in possible:
            raise EventTypeUnknown(pattern=pattern)
    return tuple(wanted)


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Whether an endpoint with `patterns` gets events of this type."""
    return not set(patterns).isdisjoint(patterns_matching(event_type))
