"""Running sums that limits and bonuses are decided by: what a SPIFF used, what a bonus came to, what was granted."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from shared.chassis.values import Value

Key = tuple[UUID, str]


class Tally(Value, frozen=True):
    """The sum `name` of a partner (or of the programme) changed by `delta`."""

    partner_id: UUID
    name: str
    delta: int


class Tallies:
    """Sums by partner and name. With `names` that were loaded, any other is a KeyError, never a silent 0."""

    def __init__(self, loaded: Mapping[Key, int] | None = None, *, names: Iterable[str] | None = None) -> None:
        self.sums: dict[Key, int] = dict(loaded or {})
        self._names = None if names is None else frozenset(names)

    def at(self, partner_id: UUID, name: str, *, changes: Iterable[Tally] = ()) -> int:
        """The sum, after `changes` that are not applied yet."""
        if self._names is not None and name not in self._names:
            raise KeyError(f"sum {name} of {partner_id} was not loaded")
        return self.sums.get((partner_id, name), 0) + sum(c.delta for c in changes if (c.partner_id, c.name) == (partner_id, name))

    def apply(self, changes: Iterable[Tally]) -> None:
        """Take changes into the sums."""
        for change in changes:
            key = change.partner_id, change.name
            self.sums[key] = self.sums.get(key, 0) + change.delta


def spiff_used(name: str) -> str:
    """The sum of what a SPIFF paid: a partner's, and the programme's."""
    return f"spiff:{name}"


def bonus_posted(name: str, period: str) -> str:
    """The sum of what was posted for a partner's bonus of a period."""
    return f"bonus:{name}:{period}"


def counted_for(period: str) -> str:
    """The revenue that a partner's bonuses of a period were last figured on."""
    return f"counted:{period}"


def granted(name: str, period: str) -> str:
    """How many got a reward of a period: above 0 once it is granted."""
    return f"reward:{name}:{period}"
