"""Acceptance cases: those that the programme was given, and the project's own for every option."""

from typing import Any

import pytest

from tests.support.commission_cases import CHECKED, answer, cases


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases()])
def test_case_when_calculated_then_every_figure_is_as_expected(case: dict[str, Any]) -> None:
    given, expected = answer(case), case["expect"]
    for name in CHECKED:
        if name in expected:
            assert getattr(given, name) == expected[name], name
