"""The tiering section of the programme: what it says, and what it may not say."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.tiering.domain.ranking import seats
from services.tiering.domain.tiers import Tier
from services.tiering.policy import TieringPolicy
from shared.chassis.programme import section

PROGRAMME = Path(__file__).parents[3] / "programme.yaml"


def document() -> dict[str, Any]:
    return section(PROGRAMME, "tiering")[0]


def test_default_programme_seats_thirty_three_partners_as_two_three_five_twenty_three() -> None:
    rules = TieringPolicy.model_validate(document()).rules()
    assert list(seats(33, rules=rules.rules).values()) == [2, 3, 5, 23]
    assert rules.revenue_weight == Fraction(1)


def test_benefits_include_those_of_the_tiers_below() -> None:
    policy = TieringPolicy.model_validate(document())
    assert policy.benefits_of(Tier.BRONZE) == ("self-service portal", "standard training")
    assert len(policy.benefits_of(Tier.PLATINUM)) == sum(len(tier.benefits) for tier in policy.tiers)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("weights", "revenue"), 0.1),
        (("tiers", 0, "share"), "0.5"),
        (("tiers", 0, "name"), "gold"),
        (("evaluate_every_months",), 5),
        (("mode",), "lottery"),
        (("bonus",), 1),
    ],
)
def test_section_that_is_inexact_or_out_of_order_is_rejected(path: tuple[str | int, ...], value: object) -> None:
    wrong: Any = document()
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ValidationError):
        TieringPolicy.model_validate(wrong)
