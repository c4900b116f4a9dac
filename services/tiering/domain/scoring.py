"""The score of one partner: weighted measures of the trailing window, as an exact fraction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from services.tiering.domain.tiers import Policy
from shared.chassis.money import exponent


@dataclass(frozen=True, slots=True)
class Measures:
    """What is known of one partner in the window. `certificates` counts people by level, `certified` counts people once."""

    partner_id: UUID
    enrolled_at: datetime
    revenue_minor: int = 0
    certificates: Mapping[int, int] | None = None
    certified: int = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """A partner with its score, ready to be ranked; revenue is in minor units of the programme's currency."""

    partner_id: UUID
    enrolled_at: datetime
    score: Fraction
    revenue_minor: int
    points: Fraction
    certified: int


def score(measures: Measures, *, policy: Policy) -> Scored:
    """Net won revenue in major units by its weight, plus the points of valid certificates."""
    revenue = policy.revenue_weight * Fraction(measures.revenue_minor, 10 ** exponent(policy.currency))
    held = measures.certificates or {}
    points = sum((policy.certification_points.get(level, Fraction(0)) * people for level, people in held.items()), Fraction(0))
    points *= policy.certification_weight
    return Scored(measures.partner_id, measures.enrolled_at, revenue + points, measures.revenue_minor, points, measures.certified)


def to_decimal(value: Fraction) -> Decimal:
    """The same number as a decimal. Weights are decimals, so a score always ends; ValueError if one does not."""
    twos, fives, rest = _twos_and_fives(value.denominator)
    if rest != 1:
        raise ValueError(f"{value} has no finite decimal form")
    places = max(twos, fives)
    digits = value.numerator * 10**places // value.denominator
    # built from text: arithmetic would round to the context's 28 digits
    return Decimal(f"{digits}e-{places}") if places else Decimal(digits)


def _twos_and_fives(number: int) -> tuple[int, int, int]:
    twos = fives = 0
    while number % 2 == 0:
        number, twos = number // 2, twos + 1
    while number % 5 == 0:
        number, fives = number // 5, fives + 1
    return twos, fives, number
