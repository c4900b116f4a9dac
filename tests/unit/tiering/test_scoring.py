"""Scores, exact to the last digit."""

from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

from services.tiering.domain.scoring import Measures, score, to_decimal
from tests.unit.tiering.build import ENROLLED, POLICY


def test_score_adds_revenue_in_major_units_and_points_by_level() -> None:
    measured = score(Measures(UUID(int=1), ENROLLED, 12_345_67, {1: 3, 4: 2}, certified=4), policy=POLICY)
    assert measured.score == Fraction("12345.67") + 3 * 100 + 2 * Fraction("2500.5")
    assert measured.points == Fraction(5301)


def test_level_without_points_adds_nothing() -> None:
    assert score(Measures(UUID(int=1), ENROLLED, 0, {2: 9}), policy=POLICY).score == 0


def test_to_decimal_keeps_more_digits_than_a_decimal_context() -> None:
    text = "1234567890123456789012345678901234567890.000000000001"
    assert to_decimal(Fraction(text)) == Decimal(text)
    assert to_decimal(Fraction(-5, 4)) == Decimal("-1.25")


def test_to_decimal_of_an_endless_fraction_is_an_error() -> None:
    with pytest.raises(ValueError, match="finite"):
        to_decimal(Fraction(1, 3))
