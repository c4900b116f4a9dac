"""Revenue divided among partners, and the window it is counted in."""

from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

import pytest

from services.tiering.domain.calendar import months_before, period_start
from services.tiering.domain.revenue import Close, Share, Terms, revenue_by_partner
from shared.chassis.money import Money
from tests.unit.tiering.build import NOW

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
THIRDS = tuple(Share(partner, Fraction(1, 3)) for partner in (A, B, C))


def close(*, minor: int = 100, refunded: int = 0, reopened: bool = False, shares: tuple[Share, ...] = THIRDS) -> Close:
    return Close(Terms(UUID(int=9), 1, 1, NOW, Money(minor, "USD"), shares, registrant=A), refunded, reopened)


def test_split_gives_the_odd_cent_to_the_earlier_partner() -> None:
    assert revenue_by_partner(close()) == {A: 34, B: 33, C: 33}


def test_refund_lowers_every_partner_and_a_reopened_close_is_worth_nothing() -> None:
    assert revenue_by_partner(close(refunded=70)) == {A: 10, B: 10, C: 10}
    assert revenue_by_partner(close(reopened=True)) == {A: 0, B: 0, C: 0}


def test_partner_credited_twice_gets_both_parts() -> None:
    assert revenue_by_partner(close(shares=(Share(A, Fraction(1, 2)), Share(A, Fraction(1, 2))))) == {A: 100}


@pytest.mark.parametrize(
    ("instant", "months", "expected"),
    [
        ((2026, 7, 1), 12, (2025, 7, 1)),
        ((2026, 5, 31), 3, (2026, 2, 28)),
        ((2024, 2, 29), 12, (2023, 2, 28)),
        ((2026, 1, 15), 1, (2025, 12, 15)),
    ],
)
def test_months_before_stays_within_the_month(instant: tuple[int, int, int], months: int, expected: tuple[int, int, int]) -> None:
    assert months_before(datetime(*instant, tzinfo=UTC), months) == datetime(*expected, tzinfo=UTC)


def test_period_start_is_the_first_instant_of_the_quarter() -> None:
    assert period_start(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 3) == datetime(2026, 10, 1, tzinfo=UTC)
    assert period_start(datetime(2026, 4, 1, tzinfo=UTC), 3) == datetime(2026, 4, 1, tzinfo=UTC)
