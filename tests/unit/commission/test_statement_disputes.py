"""Disputes in the document: what a forger cannot change about them, and statements in the format before this one."""

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.commission.domain.dispute import State, adjustment_of
from services.commission.domain.entries import Account, Given, Kind
from services.commission.domain.facts import Adjusted, Booked, Frozen
from services.commission.statement_check import check, read
from services.commission.statement_disputes import FORMER_FORMAT
from services.commission.statement_document import canonical, seal
from services.commission.statement_pdf import render
from shared.chassis.ids import derived_id
from tests.support.commission_statements import RECORDED, Books, dispute_in_books
from tests.support.commission_world import closed, deal, terms, who

APRIL = datetime(2026, 4, 15, tzinfo=UTC)
ONE, TWO = (derived_id("commission.entry", f"close {number}.1", Kind.ACCRUAL, who(1)) for number in (1, 2))
FORMER = Path(__file__).parents[2] / "cases" / "commission" / "statements"
Json = dict[str, Any]


@pytest.fixture
def two() -> tuple[Json, Json]:
    """In March one dispute freezes an entry and another holds nothing; in April that one ends with an adjustment."""
    books = Books()
    idle = dispute_in_books(TWO, State.OPEN, RECORDED)
    books.post(closed(1, terms(90_000_00)), closed(2, terms(100_00)), Frozen("f", deal(1), who(1), RECORDED, 1, ONE))
    first = books.state(who(1), disputes=[idle])
    adjusted = Adjusted(adjustment_of(idle.id), 5_00, Kind.ADJUSTMENT, "dispute", deal(2), TWO, Account.PAYABLE, Given("Five more."))
    books.post(Booked("a", who(1), APRIL, "dispute_resolved", "USD", (), (adjusted,)), at=APRIL)
    second = books.state(who(1), disputes=[dispute_in_books(TWO, State.ADJUSTED, RECORDED, settled_at=APRIL)])
    assert first is not None
    assert second is not None
    return first, second


def _changed(document: Json, change: str) -> Json:
    """The document with one thing changed and sealed anew, as a forger would."""
    forged = deepcopy(document)
    exec(change, {"d": forged})
    return seal({name: value for name, value in forged.items() if name != "hash"})


def _codes(document: Json, **options: Any) -> set[str]:
    return {finding.code for finding in check(document, **options)}


def test_disputes_when_right_then_nothing_is_found_and_each_stands_as_it_was(two: tuple[Json, Json]) -> None:
    first, second = two
    assert check(first) == check(second, former=first) == []
    assert [[(each["state"], each["held"]) for each in document["disputes"]] for document in two] == [
        [("open", 13_500_00), ("open", 0)],
        [("open", 13_500_00), ("adjusted", 0)],
    ]
    assert second["disputes"][1]["adjustment_id"] in {entry["id"] for line in second["lines"] for entry in line["entries"]}


def test_entry_when_a_dispute_of_it_holds_nothing_then_marked_too(two: tuple[Json, Json]) -> None:
    assert [entry["disputed"] for line in two[0]["lines"] for entry in line["entries"]] == [True, True]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("d['disputes'][0]['held'] -= 1", "figure_differs"),
        ("d['disputes'][1]['held'] += 1", "figure_differs"),
        ("d['closing']['disputed'][0]['held'] += 1", "figure_differs"),
        ("d['disputes'].pop(0)", "dispute_missing"),
        ("d['disputes'][1]['adjustment_id'] = d['disputes'][1]['id']", "figure_differs"),
        ("d['disputes'][1].update(state='declined', settled_at=None)", "dispute_impossible"),
        ("d['disputes'][0]['state'] = 'answered'", "dispute_impossible"),
        ("d['disputes'][1]['settled_at'] = '2026-05-01T00:00:00+00:00'", "dispute_impossible"),
        ("d['disputes'][1]['settled_at'] = '2026-01-01T00:00:00+00:00'", "dispute_impossible"),
        ("d['disputes'].append(d['disputes'][0])", "dispute_twice"),
        ("d['disputes'][0].update(state='adjusted', settled_at='2026-04-20T00:00:00+00:00')", "adjustment_missing"),
        ("d['disputes'].reverse()", "figure_differs"),
        ("del d['disputes']", "not_computable"),
    ],
)
def test_dispute_when_changed_and_all_sealed_anew_then_found(two: tuple[Json, Json], change: str, code: str) -> None:
    assert code in _codes(_changed(two[1], change))


def test_dispute_when_changed_under_the_old_seal_then_the_hash_differs(two: tuple[Json, Json]) -> None:
    forged = deepcopy(two[0])
    forged["disputes"].pop(1)
    assert "hash_differs" in _codes(forged)


@pytest.mark.parametrize(
    "change",
    [
        "d['disputes'].pop(1)",
        "d['disputes'][0]['opened_at'] = '2026-03-02T00:00:00+00:00'",
        "d['disputes'][1]['entry_id'] = d['statement_id']",
    ],
)
def test_dispute_when_it_ran_before_and_is_not_as_it_was_then_the_chain_is_broken(two: tuple[Json, Json], change: str) -> None:
    assert "chain_broken" in _codes(_changed(two[1], change), former=two[0])


def test_dispute_when_it_was_settled_before_then_it_does_not_come_again(two: tuple[Json, Json]) -> None:
    again = _changed(two[1], "d['number'] += 1")
    assert "chain_broken" in _codes(again, former=two[1])


def test_paper_when_there_are_disputes_then_printed_with_them(two: tuple[Json, Json]) -> None:
    without = _changed(two[0], "d['disputes'] = []")
    assert len(render(two[0])) > len(render(without))


def _former(number: int) -> Json:
    return read((FORMER / f"format-1-number-{number}.json").read_bytes())


def test_statements_in_the_former_format_when_verified_then_right_as_on_the_day_they_were_issued() -> None:
    first, second = _former(1), _former(2)
    assert first["format"] == second["format"] == FORMER_FORMAT
    assert check(first) == check(second, former=first) == []
    assert (len(first["closing"]["disputed"]), len(second["closing"]["disputed"])) == (2, 1)


@pytest.mark.parametrize("number", [1, 2])
def test_statement_in_the_former_format_when_read_and_written_then_the_same_bytes_and_it_is_printed(number: int) -> None:
    text = (FORMER / f"format-1-number-{number}.json").read_bytes()
    assert canonical(read(text)) == text
    assert render(read(text)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("d['closing']['disputed'].pop()", "figure_differs"),
        ("d['lines'][0]['entries'][0]['disputed'] = False", "figure_differs"),
        ("d['disputes'] = [{}]", "figure_differs"),
        ("d['format'] = 'hansa.statement/2'", "not_computable"),
    ],
)
def test_statement_in_the_former_format_when_changed_and_sealed_anew_then_found(change: str, code: str) -> None:
    assert code in _codes(_changed(_former(1), change))
