"""Another plan over the same history, as pure rules: which version rules when, and where pay jumps or falls."""

from datetime import date
from fractions import Fraction

import pytest

from services.commission.domain.brackets import Bracket, Mode
from services.commission.domain.plan import Assignment, Plan, PlanVersion
from services.commission.domain.what_if import Change, Cliff, CliffKind, WhatIf, cliffs, compared, hypothetical
from shared.chassis.values import replace
from tests.support.commission_world import SEED, who

DAY = date(2026, 7, 1)


def _version(number: int, starts: date, *brackets: tuple[int, int | None, str, int], mode: Mode = Mode.GRADUATED) -> PlanVersion:
    parts = tuple(Bracket(start, end, Fraction(rate), flat) for start, end, rate, flat in brackets) or SEED
    return PlanVersion(number, starts, parts, mode=mode)


def _plan(*starts: date) -> Plan:
    return Plan("USD", tuple(_version(number, start) for number, start in enumerate(starts, 1)))


@pytest.mark.parametrize(
    ("day", "number"), [(date(2026, 2, 1), 2), (date(2026, 6, 30), 2), (DAY, 5), (date(2026, 12, 31), 5), (date(2027, 1, 1), 6)]
)
def test_plan_when_another_begins_then_the_recorded_one_rules_before_and_nothing_of_it_after(day: date, number: int) -> None:
    recorded = _plan(date(2000, 1, 1), date(2026, 1, 1), date(2026, 9, 1))
    other = _plan(date(2026, 1, 1), date(2026, 3, 1), date(2027, 1, 1))

    found = hypothetical(recorded, other, DAY).on(day, who(1))

    assert found is not None
    assert found.number == number


def test_plan_when_the_recorded_one_has_a_version_for_a_partner_then_the_other_rules_it_too() -> None:
    own = replace(_version(1, date(2026, 1, 1)), assigned_to=Assignment(frozenset({who(1)})))
    trial = hypothetical(Plan("USD", (own,)), _plan(date(2026, 1, 1)), DAY)

    assert [version and version.number for version in (trial.on(date(2026, 6, 1), who(1)), trial.on(DAY, who(1)))] == [1, 2]
    assert [trial.version(number).number for number in (1, 2)] == [1, 2]


def test_cliffs_when_graduated_without_flats_then_none() -> None:
    assert list(cliffs(_version(1, DAY))) == []


def test_cliffs_when_a_flat_fee_is_due_then_the_jump_is_named_with_who_stands_near() -> None:
    version = _version(3, DAY, (0, 1000_00, "0.1", 0), (1000_00, None, "0.1", 500_00))

    assert list(cliffs(version, positions=[950_00, 1049_00, 900_00, 0])) == [Cliff(3, 1000_00, 100_00, 600_00, CliffKind.JUMPS, near=2)]


def test_cliffs_when_whole_and_a_rate_falls_then_less_is_paid_until_the_revenue_that_recovers() -> None:
    version = _version(1, DAY, (0, 1000_00, "0.20", 0), (1000_00, None, "0.10", 0), mode=Mode.WHOLE)

    (cliff,) = cliffs(version)

    assert (cliff.kind, cliff.before, cliff.after) == (CliffKind.FALLS, 200_00, 100_00)
    assert cliff.recovers_at is not None
    assert version.schedule.cumulative(cliff.recovers_at) == 200_00
    assert version.schedule.cumulative(cliff.recovers_at - 1) < 200_00


def test_cliffs_when_nothing_is_paid_above_then_it_never_recovers() -> None:
    version = _version(1, DAY, (0, 1000_00, "0.20", 0), (1000_00, None, "0", 0), mode=Mode.WHOLE)

    assert [cliff.recovers_at for cliff in cliffs(version)] == [None]


def test_cliffs_when_whole_and_a_rate_rises_then_pay_jumps() -> None:
    version = _version(1, DAY, (0, 1000_00, "0.10", 0), (1000_00, None, "0.20", 0), mode=Mode.WHOLE)

    assert [(c.kind, c.before, c.after) for c in cliffs(version)] == [(CliffKind.JUMPS, 100_00, 200_00)]


def test_answer_when_summed_then_winners_and_losers_are_ordered_and_the_totals_are_theirs() -> None:
    changes = compared({who(1): 100, who(2): 50, who(3): 7}, {who(1): 90, who(2): 80, who(4): 5}, {who(1): 1000})
    found = WhatIf("USD", DAY, changes, (), (), 4)

    assert {c.partner_id: c.difference for c in changes} == {who(1): -10, who(2): 30, who(3): -7, who(4): 5}
    assert [c.partner_id for c in found.winners] == [who(2), who(4)]
    assert [c.partner_id for c in found.losers] == [who(1), who(3)]
    assert (found.old, found.new) == (157, 175)
    assert Change(who(1), 1000, 100, 90) in changes
