"""Whatever is wrong with a plan is said in a sentence of its own."""

import re
from pathlib import Path

from services.commission.api.plan_models import SENTENCES

_CODE = re.compile(r'Fault\("(\w+)"')
_SERVICE = Path(__file__).parents[3] / "services" / "commission"


def test_fault_when_a_plan_may_have_it_then_it_has_a_sentence() -> None:
    codes = {code for file in _SERVICE.rglob("*.py") for code in _CODE.findall(file.read_text())}
    assert {"bracket_gap", "rate_falls", "draft_one_version"} <= codes
    assert codes - SENTENCES.keys() == set()
