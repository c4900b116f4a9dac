"""Laws of statements: they add up in every account, follow each other, hide others, and no figure in them can be changed."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.commission.statement_check import check
from services.commission.statement_document import canonical, seal
from tests.support.commission_histories import History, histories, stated
from tests.support.commission_plans import PARTNERS
from tests.support.commission_world import who

Json = dict[str, Any]
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large])
# Figures that follow from others: whoever changes one of them must be found even after sealing the document anew.
FIGURES = {"amount", "revenue", "held", "payable", "in_payout", "paid", "before", "earned", "due", "already", "total", "refunded", "sold"}
STATED = {"lines", "summary", "closing", "disputes"}


@settings(LAW, max_examples=300)
@given(histories())
def test_statements_when_any_history_is_stated_then_each_is_right_and_goes_on_where_the_last_ended(history: History) -> None:
    for statements in stated(history):
        for former, statement in zip([None, *statements], statements, strict=False):
            assert check(statement, former=former) == []


@LAW
@given(histories())
def test_statement_when_added_up_then_opening_and_changes_are_the_closing(history: History) -> None:
    for statements in stated(history):
        for statement in statements:
            for summary in statement["summary"]:
                for bucket in ("held", "payable", "in_payout", "paid"):
                    assert summary["opening"][bucket] + sum(each[bucket] for each in summary["changes"]) == summary["closing"][bucket]
                entries = [entry for line in statement["lines"] for entry in line["entries"] if entry["currency"] == summary["currency"]]
                grown = sum(summary["closing"].values()) - sum(summary["opening"].values())
                assert sum(entry["amount"] for entry in entries) == grown


@LAW
@given(histories())
def test_statement_when_read_by_its_partner_then_no_other_is_named(history: History) -> None:
    for statements in stated(history):
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


@LAW
@given(histories(), st.data())
def test_statement_when_anything_in_it_is_changed_then_found(history: History, data: st.DataObject) -> None:
    statements = [each for several in stated(history) for each in several]
    if not statements:
        return
    forged = deepcopy(data.draw(st.sampled_from(statements)))
    parent, name = _at(forged, data.draw(st.sampled_from(list(_places(forged)))))
    parent[name] = _other(parent[name], 1)
    assert check(forged)


@LAW
@given(histories(), st.data(), st.integers(-(10**6), 10**6).filter(bool))
def test_statement_when_a_figure_is_changed_and_all_sealed_anew_then_found(history: History, data: st.DataObject, by: int) -> None:
    statements = [each for several in stated(history) for each in several]
    places = [
        (index, path)
        for index, statement in enumerate(statements)
        for path in _places(statement)
        if path[-1] in FIGURES and path[0] in STATED and not {"fact", "deal", "given", "told"} & {*path}
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


@LAW
@given(histories(), st.data(), _ANYTHING)
def test_check_when_a_part_is_replaced_by_anything_then_it_finds_and_never_fails(history: History, data: st.DataObject, value: Any) -> None:
    statements = [each for several in stated(history) for each in several]
    if not statements:
        return
    forged = deepcopy(data.draw(st.sampled_from(statements)))
    parent, name = _at(forged, data.draw(st.sampled_from(list(_nodes(forged)))))
    if parent[name] != value:
        parent[name] = value
        assert check(forged)
