"""Another plan over the same history: who would earn more, who less, and where a plan makes pay jump or fall."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.commission.domain.brackets import Schedule
from services.commission.domain.plan import Plan, PlanVersion
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True)
class Change:
    """One partner's commission on deals that closed from the day on, in minor units: as it is, and as it would be."""

    partner_id: UUID
    revenue: int
    old: int
    new: int

    @property
    def difference(self) -> int:
        """Above 0: the partner wins by the new plan."""
        return self.new - self.old


class CliffKind(StrEnum):
    """Falls: more revenue pays less. Jumps: one unit more pays far more than its rate."""

    FALLS = "falls"
    JUMPS = "jumps"


@dataclass(frozen=True, slots=True)
class Cliff:
    """At `revenue` the pay goes from `before` to `after` (minor units) by one unit of revenue. `near` partners stand within a twentieth.

    `recovers_at`: the revenue that pays as much again after a fall; None if none does, or nothing fell.
    """

    version: int
    revenue: int
    before: int
    after: int
    kind: CliffKind
    recovers_at: int | None = None
    near: int = 0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The whole answer. `unrated` counts facts by why the new plan could not take them."""

    currency: str
    since: date
    changes: tuple[Change, ...]
    cliffs: tuple[Cliff, ...]
    unrated: tuple[tuple[str, int], ...]
    facts: int

    @property
    def old(self) -> int:
        return sum(change.old for change in self.changes)

    @property
    def new(self) -> int:
        return sum(change.new for change in self.changes)

    @property
    def winners(self) -> list[Change]:
        """Who would earn more, the most first."""
        return sorted((c for c in self.changes if c.difference > 0), key=lambda c: (-c.difference, c.partner_id))

    @property
    def losers(self) -> list[Change]:
        """Who would earn less, the most first."""
        return sorted((c for c in self.changes if c.difference < 0), key=lambda c: (c.difference, c.partner_id))


@dataclass(frozen=True, slots=True)
class Hypothetical(Plan):
    """Before `since` the recorded plan, and nothing but the other from then on, whomever its versions are meant for."""

    since: date = date.min
    recorded: int = 0

    def on(self, day: date, partner_id: UUID, partner_type: str | None = None) -> PlanVersion | None:
        """The version in force for the partner on a day."""
        anew = day >= self.since
        meant = tuple(version for version in self.versions if (version.number > self.recorded) is anew)
        return Plan(self.currency, meant, self.calendar).on(day, partner_id, partner_type)


def hypothetical(plan: Plan, other: Plan, since: date) -> Hypothetical:
    """The recorded plan until `since`, the other from then on, its versions numbered on. Those that are over by then never rule."""
    past = tuple(replace(version, effective_from=date.max) if version.effective_from >= since else version for version in plan.versions)
    begun = {}
    for version in sorted(other.versions, key=lambda version: (version.effective_from, version.number)):
        if version.effective_from <= since:
            begun[version.assigned_to] = version.number
    anew = tuple(
        replace(version, number=number, effective_from=_from(version, since, over=version.number not in begun.values()))
        for number, version in enumerate(other.versions, plan.latest + 1)
    )
    return Hypothetical(plan.currency, past + anew, plan.calendar, since, plan.latest)


def _from(version: PlanVersion, since: date, *, over: bool) -> date:
    if version.effective_from > since:
        return version.effective_from
    return date.max if over else since


def cliffs(version: PlanVersion, *, positions: Iterable[int] = ()) -> Iterator[Cliff]:
    """Where the version's pay jumps or falls; `positions` are revenues at which partners stand."""
    schedule, standing = version.schedule, list(positions)
    for bracket in schedule.brackets:
        before, after = _around(schedule, bracket.start)
        usual = 2 * max(each.rate for each in schedule.brackets) + 1  # what two units of revenue and rounding give
        if 0 <= after - before <= usual:
            continue
        kind = CliffKind.FALLS if after < before else CliffKind.JUMPS
        near = sum(abs(revenue - bracket.start) * 20 <= bracket.start for revenue in standing if revenue > 0)
        again = _recovery(schedule, bracket.start, before) if kind is CliffKind.FALLS else None
        yield Cliff(version.number, bracket.start, before, after, kind, again, near)


def _around(schedule: Schedule, seam: int) -> tuple[int, int]:
    """Pay on the last unit before a bracket's start and on the first within it; a flat fee is due above the start."""
    return schedule.cumulative(max(seam - 1, 0)), schedule.cumulative(seam + 1)


def _recovery(schedule: Schedule, after: int, pay: int) -> int | None:
    """The smallest revenue above `after` that pays `pay` again: found within each later bracket, where pay only rises."""
    for bracket in schedule.brackets:
        low = max(bracket.start, after) + 1
        high = bracket.end - 1 if bracket.end is not None else _enough(schedule, bracket.rate, low, pay)
        if high is None or high < low or schedule.cumulative(high) < pay:
            continue
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if schedule.cumulative(middle) >= pay else (middle + 1, high)
        return low
    return None


def _enough(schedule: Schedule, rate: Fraction, low: int, pay: int) -> int | None:
    """A revenue in the open bracket that surely pays `pay`; None if its rate is 0 and it never does."""
    if schedule.cumulative(low) >= pay:
        return low
    return None if not rate else low + int((pay + 1) / rate) + 1


def compared(old: dict[UUID, int], new: dict[UUID, int], revenue: dict[UUID, int]) -> tuple[Change, ...]:
    """Every partner of either side, in order of its id."""
    everyone: Sequence[UUID] = sorted(old.keys() | new.keys())
    return tuple(Change(each, revenue.get(each, 0), old.get(each, 0), new.get(each, 0)) for each in everyone)
