"""Brackets of revenue and the exact figure that they give: integers over a common denominator, never a float."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction

from shared.chassis.money import round_half_up
from shared.chassis.values import Value

_SMALLEST = 10**12  # rates are decimals of at most twelve places


class Mode(StrEnum):
    """Graduated: each bracket's rate for the revenue within it. Whole: the rate of the bracket reached, for all of it."""

    GRADUATED = "graduated"
    WHOLE = "whole"


class Bracket(Value, frozen=True):
    """Revenue in `[start, end)` minor units earns `rate`; `flat` is due once, when revenue exceeds `start`."""

    start: int
    end: int | None
    rate: Fraction
    flat: int = 0


class Fault(Value, frozen=True):
    """What is wrong with a plan, and where in its document."""

    code: str
    place: str


class Slice(Value, frozen=True):
    """Commission on `revenue` minor units of one bracket."""

    start: int
    end: int | None
    rate: Fraction
    revenue: int
    flat: int

    @property
    def exact(self) -> Fraction:
        """Revenue × rate + flat, in minor units."""
        return self.revenue * self.rate + self.flat


def faults(brackets: Sequence[Bracket], *, place: str = "brackets") -> Iterator[Fault]:
    """Every fault: brackets must begin at 0, follow each other without gap or overlap, and end open."""
    if not brackets:
        yield Fault("bracket_start", place)
        return
    if brackets[0].start != 0:
        yield Fault("bracket_start", f"{place}[0].from")
    if brackets[-1].end is not None:
        yield Fault("bracket_end", f"{place}[{len(brackets) - 1}].to")
    for index, bracket in enumerate(brackets):
        here = f"{place}[{index}]"
        if not rate_allowed(bracket.rate):
            yield Fault("rate_invalid", f"{here}.rate")
        if bracket.flat < 0:
            yield Fault("flat_invalid", f"{here}.flat")
        if bracket.end is not None and bracket.end <= bracket.start:
            yield Fault("bracket_empty", f"{here}.to")
        if index + 1 < len(brackets):
            yield from _seam(bracket.end, brackets[index + 1].start, here)


def rate_allowed(rate: Fraction) -> bool:
    """A rate is a decimal from 0 to 1."""
    return 0 <= rate <= 1 and not _SMALLEST % rate.denominator


def _seam(end: int | None, following: int, here: str) -> Iterator[Fault]:
    if end is None:
        yield Fault("bracket_end", f"{here}.to")
    elif following > end:
        yield Fault("bracket_gap", f"{here}.to")
    elif following < end:
        yield Fault("bracket_overlap", f"{here}.to")


class Schedule:
    """The commission due on a cumulative revenue. Only brackets without faults give one."""

    def __init__(self, brackets: Sequence[Bracket], *, mode: Mode = Mode.GRADUATED) -> None:
        self.brackets = tuple(brackets)
        self.mode = mode
        # A power of ten, so that every exact figure prints as a finite decimal.
        powers = (int("1" + "0" * places) for places in range(13))
        self.scale = next(s for s in powers if all(s % b.rate.denominator == 0 for b in brackets))
        self._steps = tuple((b.start, b.end, int(b.rate * self.scale), b.flat * self.scale) for b in brackets)

    def scaled(self, revenue: int) -> int:
        """The exact commission on `revenue`, times `scale`."""
        total = rate_reached = 0
        for start, end, rate, flat in self._steps:
            if revenue >= start:
                rate_reached = rate
            if revenue > start:
                total += flat
                if self.mode is Mode.GRADUATED:
                    total += rate * ((revenue if end is None or revenue < end else end) - start)
        return total + rate_reached * revenue if self.mode is Mode.WHOLE else total

    def cumulative(self, revenue: int) -> int:
        """The commission on `revenue`, rounded half up to minor units: increments are differences of this figure."""
        return (2 * self.scaled(revenue) + self.scale) // (2 * self.scale)

    def slices(self, before: int, after: int) -> tuple[Slice, ...]:
        """How the commission between two positions comes about; the exact figures add up to the exact difference."""
        if self.mode is Mode.WHOLE:
            return tuple(self._whole(before, after))
        return tuple(self._graduated(before, after))

    def _graduated(self, before: int, after: int) -> list[Slice]:
        found = []
        for b in self.brackets:
            low = max(b.start, before)
            high = after if b.end is None or after < b.end else b.end
            if high > low:
                found.append(Slice(b.start, b.end, b.rate, high - low, b.flat if before <= b.start else 0))
        return found

    def _whole(self, before: int, after: int) -> Iterator[Slice]:
        for revenue, sign in ((after, 1), (before, -1)):
            if revenue > 0:
                b = next(b for b in self.brackets if b.end is None or revenue < b.end)
                flats = sum(each.flat for each in self.brackets if revenue > each.start)
                yield Slice(b.start, b.end, b.rate, sign * revenue, sign * flats)


def reversed_share(total: int, *, refunded: int, sold: int) -> int:
    """What of `total` is taken back in all once `refunded` of `sold` went back: everything at a full refund."""
    return round_half_up(Fraction(total * refunded, sold)) if refunded != sold else total
