"""`hansa commission quote`: every case through the command line, in both formats, with its exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hansa.cli.main import build
from services.commission.domain.refusals import QuoteInvalid
from services.commission.quoting import QuoteDocument
from tests.support.commission_cases import CHECKED, asked, cases, shown

RUN = CliRunner()


def _quote(*arguments: str, text: str | None = None) -> Any:
    return RUN.invoke(build(["commission"]), ["commission", "quote", *arguments], input=text)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases()])
def test_quote_when_given_a_case_then_it_prints_what_is_expected(case: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(asked(case), default=str))
    result, expected = _quote(str(file), "--json"), case["expect"]
    found = json.loads(result.stdout)
    if "plan_errors" in expected:
        assert (result.exit_code, [error["code"] for error in found["errors"]]) == (2, expected["plan_errors"])
        return
    assert result.exit_code == 0
    answer = shown(found)
    for name in CHECKED:
        if name in expected:
            assert getattr(answer, name) == expected[name], name


DOCUMENT = """
plan: {currency: USD, versions: [{effective_from: 2026-01-01, base: deal, mode: whole,
  brackets: [{from: 0, to: 100, rate: 0.20}, {from: 100, to: null, rate: 0.10}]}]}
events: [{id: e1, type: deal.closed, deal: d1, partner: p1, at: 2026-03-01T00:00:00Z, amount: 90.05}]
"""


def test_quote_when_read_from_standard_input_then_told_for_people_with_its_warning() -> None:
    result = _quote("-", text=DOCUMENT)
    assert result.exit_code == 0
    assert "18.01" in result.stdout
    assert "rate_falls at versions[0].brackets[1].rate" in " ".join(result.stderr.split())


def test_quote_when_given_twice_then_the_same_hash_and_another_for_another_amount() -> None:
    first, second, other = (
        json.loads(_quote("-", "--json", text=text).stdout)["hash"] for text in (DOCUMENT, DOCUMENT, DOCUMENT.replace("90.05", "90.06"))
    )
    assert first == second != other


def test_quote_when_an_entry_has_slices_then_they_are_shown_exactly() -> None:
    (entry,) = json.loads(_quote("-", "--json", text=DOCUMENT).stdout)["entries"]
    assert entry["slices"] == [{"from": "0.00", "to": "100.00", "rate": "0.2", "revenue": "90.05", "flat": "0.00", "amount": "18.01"}]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("plan: {currency: USD, versions: [{effective_from: 2026-01-01, brackets: [{from: 1, to: null, rate: 0.1}]}]}", "brackets[0].from"),
        (DOCUMENT.replace("deal.closed", "deal.lost"), "events[0].type"),
        (DOCUMENT + "fx: [{from: EUR, to: USD, date: 2026-01-01, rate: 1}, {from: EUR, to: USD, date: 2026-01-01, rate: 2}]", "fx[1]"),
        ("{", "neither YAML nor JSON"),
    ],
)
def test_quote_when_its_document_is_bad_then_ends_with_2_and_says_where(text: str, place: str) -> None:
    result = _quote("-", text=text)
    assert result.exit_code == 2
    assert place in " ".join(result.stderr.split())


def test_quote_when_its_events_have_faults_then_refused_with_a_code_and_each_place() -> None:
    with pytest.raises(QuoteInvalid) as refusal:
        QuoteDocument.read({"plan": {}, "events": [{"id": "e1", "type": "deal.closed"}]})
    assert refusal.value.code == "quote_invalid"
    assert "events[0]" in refusal.value.message


def test_quote_of_the_example_when_printed_then_the_figures_worked_out_by_hand() -> None:
    """90,000 × 15 %; 48,600 (45,000 EUR × 1.08) of which 43,200 run through the brackets and 5,400 earn 30 %; 4 × 50; a third of 13,500."""
    example = Path(__file__).parents[3] / "docs" / "examples" / "quote.yaml"
    found = json.loads(_quote(str(example), "--json").stdout)
    assert [(entry["event"], entry["partner"], entry["amount"]) for entry in found["entries"]] == [
        ("e1", "north", "13500.00"),
        ("e2", "north", "7195.00"),  # 10,000 × 15 % + 22,400 × 20 % + 4,050 × 30 %
        ("e2", "south", "2025.00"),  # 10,800 × 15 % + 1,350 × 30 %
        ("e2", "north", "150.00"),
        ("e2", "south", "50.00"),
        ("e3", "north", "-4500.00"),
    ]
