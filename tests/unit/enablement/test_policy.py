"""The catalogue of courses as the programme writes it."""

import pytest
from pydantic import ValidationError

from services.enablement.policy import EnablementPolicy


def course(name: str, *prerequisites: str) -> dict[str, object]:
    return {"id": name, "level": 1, "title": name, "hours": 2, "topics": [], "prerequisites": prerequisites}


def test_policy_when_each_course_stands_below_its_prerequisites_then_a_catalogue() -> None:
    policy = EnablementPolicy.model_validate({"courses": [course("foundation"), course("sales", "foundation")]})
    catalogue = policy.catalogue()
    assert catalogue.course("sales").prerequisites == ("foundation",)
    assert (catalogue.validity_months, catalogue.warning.days) == (12, 60)


@pytest.mark.parametrize(
    "courses",
    [
        [],
        [course("sales", "sales")],
        [course("sales", "foundation"), course("foundation", "sales")],
        [course("foundation"), course("foundation")],
    ],
)
def test_policy_when_prerequisites_are_missing_or_circular_then_rejected_when_it_is_made(courses: list[object]) -> None:
    with pytest.raises(ValidationError):
        EnablementPolicy.model_validate({"courses": courses})
