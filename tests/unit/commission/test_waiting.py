"""What facts wait for has one place: each reason has a sentence of its own, each name says what it is about."""

from datetime import date
from pathlib import Path

import pytest

import services.commission as package
from services.commission.domain import waits
from services.commission.domain.waits import Reason, why
from tests.support.commission_world import deal

_PREFIXES = ('"close:', '"reopened:', '"terms:', "'no_fx_rate:", "'no_plan:", '"no_fx_rate:', '"no_plan:', "'deal_unknown'")


@pytest.mark.parametrize(
    ("reason", "waits_for", "told"),
    [
        ("no_fx_rate", "no_fx_rate:EUR:USD:2026-03-01", "no exchange rate from EUR to USD for 2026-03-01"),
        ("no_plan", "no_plan:1999-12-31:2", "in force for it on 1999-12-31 yet"),
        ("deal_unknown", "close:x:1", "not known here yet"),
        ("deal_waiting", "close:x:1", "waits itself"),
        ("terms_unknown", "terms:x:1", "terms"),
        ("reopen_unknown", "reopened:x:1", "reopening"),
    ],
)
def test_reason_when_told_then_it_is_a_sentence_about_what_is_missing(reason: str, waits_for: str, told: str) -> None:
    assert told in why(reason, waits_for)


@pytest.mark.parametrize("reason", Reason)
def test_reason_when_told_then_never_as_just_another_fact(reason: Reason) -> None:
    name = {
        Reason.NO_FX_RATE: waits.rate("EUR", "USD", date(2026, 3, 1)),
        Reason.NO_PLAN: waits.plan(date(2026, 3, 1), 2),
    }.get(reason, waits.closed(deal(1), 1))
    assert why(reason, name) != why("any other", name)
    assert (reason in (Reason.NO_FX_RATE, Reason.NO_PLAN)) is name.startswith(waits.FOR_ALL)


def test_names_when_looked_for_then_made_in_one_place_alone() -> None:
    sources = Path(package.__file__).parent.rglob("*.py")
    found = [path.name for path in sources if any(f"{prefix}" in path.read_text() for prefix in _PREFIXES)]
    assert found in ([], ["waits.py"])
