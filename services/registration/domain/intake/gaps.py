"""Holes in the versions of an opportunity, where its source counts without any: what is missing, and what fills it.

Each state is whole, so the newest wins and a hole loses nothing but the steps between: see the README.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.registration.domain.intake.news import News
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The versions from `first` to `last`, both included."""

    first: int
    last: int

    def without(self, gone: "Span") -> tuple["Span", ...]:
        """What is left of it before and after `gone`."""
        parts = (Span(self.first, min(self.last, gone.first - 1)), Span(max(self.first, gone.last + 1), self.last))
        return tuple(part for part in parts if part.first <= part.last)


class Filled(StrEnum):
    """How a gap came to its end."""

    ARRIVED = "arrived"
    READ_AGAIN = "read_again"


@dataclass(frozen=True, slots=True)
class Step:
    """One version as it arrived: what was known before (None: nothing), what it was, and whether it was refused."""

    version: int
    known: int | None
    news: News | None

    @property
    def is_taken(self) -> bool:
        return self.news in (News.FRESH, News.ECHO)


@dataclass(frozen=True, slots=True)
class Track:
    """One opportunity's versions: `missing` below the newest, and those that `came` and were refused (they are no hole)."""

    missing: tuple[Span, ...] = ()
    came: tuple[Span, ...] = ()
    filled: Filled | None = None


def follow(track: Track, steps: Iterable[Step]) -> tuple[Track, tuple[Span, ...]]:
    """The track after `steps`, and the holes that they opened.

    A state as new as the newest that comes after a hole was asked for (in an earlier call) ends it, whatever is missing still.
    """
    before, opened = track, Track()
    for step in steps:
        if before.missing and step.news is not None and step.news.is_current:
            before = replace(before, missing=(), filled=Filled.READ_AGAIN)
        before, opened = _arrive(before, step), _arrive(opened, step)
        if step.is_taken and step.known is not None and step.version > step.known + 1:
            hole = (Span(step.known + 1, step.version - 1),)
            opened = replace(opened, missing=(*opened.missing, *_without(_without(hole, before.came), opened.came)))
        if step.news is None and (step.known is None or step.version > step.known):
            opened = replace(opened, came=(*opened.came, Span(step.version, step.version)))
        elif step.is_taken:
            before = replace(before, came=tuple(span for span in before.came if span.last > step.version))
            opened = replace(opened, came=tuple(span for span in opened.came if span.last > step.version))
    missing = tuple(sorted((*before.missing, *opened.missing)))
    return Track(missing, (*before.came, *opened.came), None if missing else before.filled), tuple(sorted(opened.missing))


def _arrive(track: Track, step: Step) -> Track:
    left = _without(track.missing, (Span(step.version, step.version),))
    return replace(track, missing=left, filled=Filled.ARRIVED) if track.missing and not left else replace(track, missing=left)


def _without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    left = list(spans)
    for gone in taken:
        left = [part for span in left for part in span.without(gone)]
    return tuple(sorted(left))
