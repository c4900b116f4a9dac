"""The tree of territories and what meets in it."""

import pytest
import yaml

from services.registration.domain.deals.territories import Territories, TreeInvalid, meet
from services.registration.policy import Policy
from tests.support.services import ROOT


@pytest.fixture(scope="module")
def tree() -> Territories:
    return Policy.model_validate(yaml.safe_load((ROOT / "programme.yaml").read_text())["registration"]).tree


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("any", "DE", True),
        ("EMEA", "Germany", True),
        ("DACH", "de", True),
        ("EMEA", "Norway", True),
        ("DE", "AT", False),
        ("AMER", "EMEA", False),
        ("any", "our-own-region", True),
        ("EMEA", "our-own-region", False),
        ("our-own-region", "our-own-region", True),
        ("our", "our-own-region", False),
    ],
)
def test_territories_when_one_lies_within_the_other_then_they_meet(tree: Territories, one: str, other: str, together: bool) -> None:
    paths = [tree.path(tree.named(name)) for name in (one, other)]
    assert meet(*paths) is meet(*reversed(paths)) is together


def test_territory_when_not_given_then_derived_from_the_country(tree: Territories) -> None:
    assert tree.derive(None, "Korea") == "KR"
    assert tree.derive("APAC", "KR") == "APAC"
    assert tree.derive(None, None) == "any"
    assert tree.path("any") == ""


@pytest.mark.parametrize("bad", [{"A": ["X"], "B": ["X"]}, {"A": ["B"], "B": ["A"]}, {"A": ["any"]}, {"A": ["a/b"]}])
def test_tree_when_it_is_no_tree_then_rejected(bad: dict[str, list[str]]) -> None:
    with pytest.raises(TreeInvalid):
        Territories(bad)
