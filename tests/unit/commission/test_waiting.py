"""Each reason to wait has a sentence of its own."""

import pytest

from services.commission.domain.waiting import why


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
