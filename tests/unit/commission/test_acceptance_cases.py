"""The acceptance cases that today's options cover; the others are skipped with their reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commission_cases import answer, not_built

FILE = Path(__file__).parents[3].parent / "shared" / "cases" / "commission.yaml"


def _cases() -> list[Any]:
    if not FILE.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{FILE} is not here"))]
    document = yaml.safe_load(FILE.read_text())
    cases = []
    for case in document["cases"]:
        if isinstance(case["plan"], str):
            case["plan"] = document["plans"][case["plan"]]
        why = not_built(case)
        cases.append(pytest.param(case, id=case["id"], marks=[pytest.mark.skip(reason=why)] if why else []))
    return cases


@pytest.mark.parametrize("case", _cases())
def test_case_when_calculated_then_every_figure_is_as_expected(case: dict[str, Any]) -> None:
    given, expected = answer(case), case["expect"]
    for name in ("entries", "balances", "waiting", "rejected", "plan_errors"):
        if name in expected:
            assert getattr(given, name) == expected[name], name
