"""The plan's brackets: the programme's own arithmetic, and faults that are found when a plan is made."""

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from services.commission.domain.brackets import Bracket, Mode, Schedule, faults
from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.refusals import PlanInvalid
from services.commission.plan_document import PlanDocument
from services.commission.section import plan_part
from shared.chassis import programme
from tests.support.commission_world import SEED, who

PROGRAMME = Path(__file__).parents[3] / "programme.yaml"


@pytest.mark.parametrize(
    ("revenue", "commission"),
    [(100_000, 15_000), (250_000, 45_000), (500_000, 95_000), (750_000, 157_500), (1_000_000, 220_000)],
)
def test_default_plan_when_revenue_is_rated_then_the_programmes_own_arithmetic(revenue: int, commission: int) -> None:
    document, _ = programme.section(PROGRAMME, "commission")
    (version,) = PlanDocument.read(plan_part(document)).plan().versions
    assert version.schedule.cumulative(revenue * 100) == commission * 100


@pytest.mark.parametrize(
    ("brackets", "codes"),
    [
        ((Bracket(0, 100, Fraction(0)), Bracket(120, None, Fraction(0))), ["bracket_gap"]),
        ((Bracket(0, 100, Fraction(0)), Bracket(90, None, Fraction(0))), ["bracket_overlap"]),
        ((Bracket(10, None, Fraction(0)),), ["bracket_start"]),
        ((Bracket(0, 100, Fraction(0)),), ["bracket_end"]),
        ((Bracket(0, None, Fraction(0)), Bracket(90, None, Fraction(0))), ["bracket_end"]),
        ((Bracket(0, None, Fraction(-1)),), ["rate_invalid"]),
        ((Bracket(0, None, Fraction(3, 2)),), ["rate_invalid"]),
        ((Bracket(0, None, Fraction(1, 3)),), ["rate_invalid"]),
        ((Bracket(0, 0, Fraction(0)), Bracket(0, None, Fraction(0))), ["bracket_empty"]),
        ((), ["bracket_start"]),
    ],
)
def test_brackets_when_faulty_then_each_fault_is_named(brackets: tuple[Bracket, ...], codes: list[str]) -> None:
    assert [fault.code for fault in faults(brackets)] == codes


@pytest.mark.parametrize("change", [{"rules": [{"name": "x", "rat": "1"}]}, {"refunds": "anew"}, {"brakets": []}])
def test_plan_when_it_names_an_option_that_is_not_known_then_refused_instead_of_ignored(change: dict[str, object]) -> None:
    version = {"effective_from": "2026-01-01", "brackets": [{"from": "0", "to": None, "rate": "0.1"}], **change}
    with pytest.raises(PlanInvalid, match=next(iter(change))):
        PlanDocument.read({"currency": "USD", "versions": [version]})


def test_whole_mode_when_a_bracket_is_reached_then_its_rate_for_everything() -> None:
    schedule = Schedule(SEED, mode=Mode.WHOLE)
    assert [schedule.cumulative(r) for r in (99_999_99, 100_000_00)] == [15_000_00, 20_000_00]


def test_version_when_closes_straddle_its_start_then_each_has_its_own() -> None:
    versions = tuple(PlanVersion(n, day, SEED) for n, day in ((1, date(2026, 1, 1)), (2, date(2026, 7, 1)), (3, date(2026, 7, 1))))
    plan = Plan("USD", versions, Calendar("America/New_York"))
    found = [plan.at(datetime(2026, 7, 1, hour, 59, tzinfo=UTC), who(1)) for hour in (3, 4)]
    assert [version.number for version in found if version] == [1, 3]
    assert plan.at(datetime(2025, 12, 31, tzinfo=UTC), who(1)) is None


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (PeriodKind.MONTH, "month:2027-01-01"),
        (PeriodKind.QUARTER, "quarter:2026-11-01"),
        (PeriodKind.YEAR, "year:2026-02-01"),
        (PeriodKind.LIFETIME, "lifetime"),
    ],
)
def test_period_when_the_year_starts_in_february_then_counted_from_there(kind: PeriodKind, label: str) -> None:
    calendar = Calendar(year_starts=2)
    assert calendar.period(kind, calendar.month(datetime(2027, 1, 31, 23, 59, tzinfo=UTC))).label == label
