"""Holes in the versions of an opportunity."""

import pytest

from services.registration.domain.intake.gaps import Filled, Span, Step, Track, follow
from services.registration.domain.intake.news import News

HOLE = Track((Span(2, 4),))


def test_versions_when_none_is_left_out_then_no_hole() -> None:
    assert follow(Track(), [Step(1, None, News.FRESH), Step(2, 1, News.FRESH)]) == (Track(), ())


def test_version_when_others_are_left_out_then_they_are_missing() -> None:
    assert follow(Track(), [Step(5, 1, News.FRESH)]) == (HOLE, (Span(2, 4),))


def test_first_version_when_seen_then_what_was_before_the_connection_is_no_hole() -> None:
    assert follow(Track(), [Step(7, None, News.FRESH)]) == (Track(), ())


@pytest.mark.parametrize(
    ("version", "left"), [(2, (Span(3, 4),)), (3, (Span(2, 2), Span(4, 4))), (4, (Span(2, 3),)), (1, (Span(2, 4),)), (9, (Span(2, 4),))]
)
def test_missing_version_when_it_arrives_late_then_it_alone_is_there(version: int, left: tuple[Span, ...]) -> None:
    after, opened = follow(HOLE, [Step(version, 10, News.STALE)])
    assert (after.missing, after.filled, opened) == (left, None, ())


def test_hole_when_all_of_it_arrives_then_filled() -> None:
    after, _ = follow(HOLE, [Step(version, 5, News.STALE) for version in (4, 2, 3)])
    assert after == Track(filled=Filled.ARRIVED)


@pytest.mark.parametrize(("version", "news"), [(5, News.REPEAT), (6, News.FRESH), (6, News.ECHO)])
def test_hole_when_the_newest_is_read_again_or_a_newer_state_comes_then_filled(version: int, news: News) -> None:
    assert follow(HOLE, [Step(version, 5, news)])[0] == Track(filled=Filled.READ_AGAIN)


def test_hole_when_a_newer_state_leaves_another_then_that_is_asked_for() -> None:
    assert follow(HOLE, [Step(9, 5, News.FRESH)]) == (Track((Span(6, 8),)), (Span(6, 8),))


def test_hole_when_found_in_this_very_set_then_a_newer_state_of_it_does_not_fill_it() -> None:
    assert follow(Track(), [Step(5, 1, News.FRESH), Step(6, 5, News.FRESH)]) == (HOLE, (Span(2, 4),))


def test_refused_version_when_a_newer_one_is_taken_then_it_is_no_hole() -> None:
    held, opened = follow(Track(), [Step(2, 1, None)])
    assert (held.came, opened) == ((Span(2, 2),), ())
    assert follow(held, [Step(4, 1, News.FRESH)]) == (Track((Span(3, 3),)), (Span(3, 3),))


def test_refused_version_when_it_is_older_than_the_newest_then_it_has_arrived() -> None:
    assert follow(HOLE, [Step(3, 5, None)])[0].missing == (Span(2, 2), Span(4, 4))
