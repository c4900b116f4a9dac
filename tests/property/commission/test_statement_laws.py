"""Laws of statements: they add up in every account, follow each other, hide others, and no figure in them can be changed."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.commission.domain.facts import AnyFact
from services.commission.statement_check import check
from services.commission.statement_document import canonical, seal
from tests.support.commission_statements import RECORDED, SEED, Books
from tests.support.commission_world import amended, closed, refunded, reopened, terms, who

PARTNERS = 3
MONTH = timedelta(days=31)
Json = dict[str, Any]
# Figures that follow from others: whoever changes one of them must be found even after sealing the document anew.
FIGURES = {"amount", "revenue", "held", "payable", "in_payout", "paid", "before", "earned", "due", "already", "total", "refunded", "sold"}


@st.composite
def shares(draw: st.DrawFn) -> list[tuple[Any, Fraction]]:
    parts = draw(st.lists(st.integers(1, 7), min_size=1, max_size=PARTNERS))
    order = draw(st.permutations(range(1, PARTNERS + 1)))
    return [(who(number), Fraction(part, sum(parts))) for number, part in zip(order, parts, strict=False)]


def _of_its_registrant(fact: AnyFact, number: int) -> AnyFact:
    return replace(fact, partner_id=who(number % PARTNERS + 1))


@st.composite
def facts(draw: st.DrawFn) -> AnyFact:
    number, event = draw(st.integers(1, 4)), str(draw(st.uuids()))
    amount = draw(st.integers(0, 300_000_00))
    match draw(st.sampled_from(["close", "close", "refund", "refund", "amend", "reopen"])):
        case "close":
            given = terms(amount, shares=draw(shares()))
            return _of_its_registrant(closed(number, given, event=event, close=draw(st.integers(1, 3))), number)
        case "refund":
            return _of_its_registrant(
                refunded(number, draw(st.integers(1, 100_000_00)), event=event, close=draw(st.integers(1, 2))), number
            )
        case "amend":
            return _of_its_registrant(
                amended(number, terms(amount, shares=draw(shares())), event=event, revision=draw(st.integers(1, 3))), number
            )
        case _:
            return _of_its_registrant(reopened(number, event=event, close=draw(st.integers(1, 2))), number)


@st.composite
def years(draw: st.DrawFn) -> list[list[AnyFact]]:
    return draw(st.lists(st.lists(facts(), min_size=1, max_size=8), min_size=1, max_size=3))


@st.composite
def plans(draw: st.DrawFn) -> Json:
    version = {**SEED["versions"][0], "split": draw(st.sampled_from(["revenue", "commission"]))}  # type: ignore[index]
    return {**SEED, "versions": [{**version, "base": draw(st.sampled_from(["cumulative", "deal"]))}]}


def stated(months: list[list[AnyFact]], plan: Json) -> Iterator[list[Json]]:
    """Every partner's statements, in order."""
    books, found = Books(plan), {who(number): [] for number in range(1, PARTNERS + 1)}
    for index, month in enumerate(months):
        books.post(*month, at=RECORDED + index * MONTH)
        for partner_id in books.partners:
            if (statement := books.state(partner_id)) is not None:
                found[partner_id].append(statement)
    yield from found.values()


@given(years(), plans())
def test_statements_when_any_history_is_stated_then_each_is_right_and_goes_on_where_the_last_ended(
    months: list[list[AnyFact]], plan: Json
) -> None:
    for statements in stated(months, plan):
        for former, statement in zip([None, *statements], statements, strict=False):
            assert check(statement, former=former) == []


@given(years(), plans())
def test_statement_when_added_up_then_opening_and_changes_are_the_closing(months: list[list[AnyFact]], plan: Json) -> None:
    for statements in stated(months, plan):
        for statement in statements:
            for summary in statement["summary"]:
                for bucket in ("held", "payable", "in_payout", "paid"):
                    assert summary["opening"][bucket] + sum(each[bucket] for each in summary["changes"]) == summary["closing"][bucket]
                entries = [entry for line in statement["lines"] for entry in line["entries"] if entry["currency"] == summary["currency"]]
                grown = sum(summary["closing"].values()) - sum(summary["opening"].values())
                assert sum(entry["amount"] for entry in entries) == grown


@given(years(), plans())
def test_statement_when_read_by_its_partner_then_no_other_is_named(months: list[list[AnyFact]], plan: Json) -> None:
    for statements in stated(months, plan):
        for statement in statements:
            others = {str(who(number)) for number in range(1, PARTNERS + 1)} - {statement["partner"]["id"]}
            assert not any(other in canonical(statement).decode() for other in others)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _places(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _places(each, (*path, index))
    else:
        yield path


def _at(document: Json, path: tuple[Any, ...]) -> tuple[Any, Any]:
    parent: Any = document
    for step in path[:-1]:
        parent = parent[step]
    return parent, path[-1]


def _other(value: Any, by: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + by
    return f"{value}x" if isinstance(value, str) else "x"


@given(years(), plans(), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_statement_when_anything_in_it_is_changed_then_found(months: list[list[AnyFact]], plan: Json, data: st.DataObject) -> None:
    statements = [each for several in stated(months, plan) for each in several]
    if not statements:
        return
    forged = deepcopy(data.draw(st.sampled_from(statements)))
    parent, name = _at(forged, data.draw(st.sampled_from(list(_places(forged)))))
    parent[name] = _other(parent[name], 1)
    assert check(forged)


@given(years(), plans(), st.data(), st.integers(-(10**6), 10**6).filter(bool))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_statement_when_a_figure_is_changed_and_all_sealed_anew_then_found(
    months: list[list[AnyFact]], plan: Json, data: st.DataObject, by: int
) -> None:
    statements = [each for several in stated(months, plan) for each in several]
    places = [
        (index, path)
        for index, statement in enumerate(statements)
        for path in _places(statement)
        if path[-1] in FIGURES and path[0] in {"lines", "summary", "closing"} and "fact" not in path and "told" not in path
    ]
    if not places:
        return
    index, path = data.draw(st.sampled_from(places))
    forged = deepcopy(statements[index])
    parent, name = _at(forged, path)
    if parent[name] is None:
        return
    parent[name] = _other(parent[name], by)
    assert check(seal({key: value for key, value in forged.items() if key != "hash"}))


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["1/0", "9999-99-99", "NaN", "2026-03-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place that holds something, leaf or not."""
    if path:
        yield path
    for name, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _nodes(each, (*path, name))


@given(years(), st.data(), _ANYTHING)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_check_when_a_part_is_replaced_by_anything_then_it_finds_and_never_fails(
    months: list[list[AnyFact]], data: st.DataObject, value: Any
) -> None:
    statements = [each for several in stated(months, SEED) for each in several]
    if not statements:
        return
    forged = deepcopy(data.draw(st.sampled_from(statements)))
    parent, name = _at(forged, data.draw(st.sampled_from(list(_nodes(forged)))))
    if parent[name] != value:
        parent[name] = value
        assert check(forged)
