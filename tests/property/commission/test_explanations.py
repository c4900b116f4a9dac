"""Every kind of entry, under every option of a plan: its steps are amounts, and they add up to it exactly."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.commission.domain.book import Book
from services.commission.domain.due import ended, grants
from services.commission.domain.entries import Account, Entry, Given, Kind
from services.commission.domain.explaining import explain
from services.commission.domain.facts import Adjusted, AnyFact, Booked, Invoiced, Rate
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from services.commission.domain.ruling import rule_text
from services.commission.plan_document import PlanDocument
from shared.chassis.money import exponent
from tests.support.commission_world import AT, amended, closed, deal, refunded, reopened, terms, who

_numbers = count()
RATES = st.sampled_from(["0", "0.05", "0.1", "0.155", "0.333333333333", "1"])
SHARES = st.sampled_from([None, [(who(1), Fraction(1, 3)), (who(2), Fraction(2, 3))], [(who(2), Fraction(1))]])
AMOUNTS = st.integers(0, 300_000_00)
BY = datetime(2028, 1, 1, tzinfo=UTC)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan with any of its options; amounts are small, so that limits are met."""
    rates = [draw(RATES) for _ in range(4)]
    version: dict[str, Any] = {
        "effective_from": "2000-01-01",
        "base": draw(st.sampled_from(["cumulative", "deal"])),
        "mode": draw(st.sampled_from(["graduated", "whole"])),
        "split": draw(st.sampled_from(["revenue", "commission"])),
        "refunds": draw(st.sampled_from(["original", "rerate"])),
        "earned_on": draw(st.sampled_from(["won", "invoiced"])),
        "pays": draw(st.sampled_from(["commission", "margin", "both"])),
        "clawback_days": draw(st.sampled_from([None, 0])),
        "brackets": [{"from": "0", "to": "1000", "rate": rates[0]}, {"from": "1000", "to": None, "rate": rates[1], "flat": "7.01"}],
    }
    parts = (version["split"], version["refunds"]) != ("commission", "rerate")  # rules and cash are refused there
    if not parts:
        version["earned_on"] = "won"
    if parts and draw(st.booleans()):
        gives = draw(st.sampled_from([{"rate": rates[2]}, {"flat": "10.01"}, {"brackets": [{"from": "0", "to": None, "rate": rates[3]}]}]))
        version["rules"] = [{"name": "core", "when": {"family": "core", "min_amount": "1"}, "counts": draw(st.booleans()), **gives}]
    if draw(st.booleans()):
        version["caps"] = [{"period": "year", "amount": draw(st.sampled_from(["0", "100", "5000.55"]))}]
    if draw(st.booleans()):
        gives = draw(st.sampled_from([{"flat": "10.01"}, {"per_unit": "3"}, {"rate": rates[3]}]))
        limits = draw(st.sampled_from([{}, {"cap": "15"}, {"budget": "20"}]))
        version["spiffs"] = [{"name": "extra", "from": "2000-01-01", "until": "2100-01-01", "when": {}, **gives, **limits}]
    version["bonuses"] = [
        {"name": "target", "period": "year", "target": "500", "rate": "0.011", "on": draw(st.sampled_from(["total", "excess"]))}
    ]
    version["rewards"] = [{"name": "first", "top": 1, "by": "revenue", "amounts": ["99.99"]}]
    currency = draw(st.sampled_from(["USD", "JPY"]))
    if currency == "JPY":
        version = _whole_units(version)
    return PlanDocument.read({"currency": currency, "versions": [version]}).plan()


def _whole_units(value: Any) -> Any:
    """Amounts without decimals; rates stay."""
    if isinstance(value, dict):
        return {name: each if name in {"rate", "effective_from"} else _whole_units(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole_units(each) for each in value]
    return value.partition(".")[0] if isinstance(value, str) and value.replace(".", "").isdigit() else value


@st.composite
def lives(draw: st.DrawFn) -> list[AnyFact]:
    """A few deals: closed in either currency, invoiced, corrected, refunded, undone."""
    facts: list[AnyFact] = []
    for number in range(draw(st.integers(1, 3))):
        amount, shares = draw(AMOUNTS), draw(SHARES)
        currency = draw(st.sampled_from(["USD", "USD", "EUR"]))
        lines = [("a", amount // 3), ("b", amount - amount // 3)] if draw(st.booleans()) else []
        facts.append(closed(number, terms(amount, shares=shares, lines=lines, currency=currency)))
        facts += [Invoiced(_name(), deal(number), who(1), AT, 1, amount // 2 + 1, currency) for _ in range(draw(st.integers(0, 1)))]
        if draw(st.booleans()):
            facts.append(amended(number, terms(draw(AMOUNTS), shares=shares, currency=currency), event=_name()))
        if draw(st.booleans()):
            facts.append(refunded(number, draw(st.integers(1, 200_000_00)), event=_name()))
        if draw(st.integers(0, 4)) == 0:
            facts.append(reopened(number, event=_name()))
    return facts


def _name() -> str:
    return f"event {next(_numbers)}"


def _entries(plan: Plan, facts: list[AnyFact], adjustment: int) -> list[Entry]:
    """All that the facts, the ends of their periods and a decision of staff post."""
    rate = Rate("rate", AT, "EUR", plan.currency, AT.date(), Fraction("1.0731"), "ECB")
    book, posted = Book(plan, rates=[rate]), list[Entry]()
    given = Given("a dispute was resolved", (("entry", "x"),))
    decided = Adjusted(who(9), adjustment, Kind.ADJUSTMENT, "dispute_resolved", None, None, Account.PAYABLE, given)
    decisions: list[AnyFact] = [Booked(_name(), who(1), AT, "dispute_resolved", plan.currency, (), (decided,))]

    def post(several: list[AnyFact]) -> None:
        for fact in several:
            outcome = book.take(fact)
            if isinstance(outcome, Posting):
                posted.extend(outcome.entries)

    post([*facts, *decisions])
    post([*ended(plan, book.positions.months, BY, lambda *_: None)])
    post([*grants(plan, book.positions.months, lambda _: {}, BY, lambda *_: None)])
    return posted


SEEN: set[Kind] = set()


@settings(max_examples=300, deadline=None)
@given(plans(), lives(), st.integers(-5000, 5000))
def test_explanation_when_of_any_kind_under_any_plan_then_its_steps_are_the_entry_exactly(
    plan: Plan, facts: list[AnyFact], adjustment: int
) -> None:
    for entry in _entries(plan, facts, adjustment):
        SEEN.add(entry.kind)
        told = explain(entry)
        assert told.steps
        assert sum(Decimal(step.amount) for step in told.steps) == Decimal(entry.amount).scaleb(-exponent(entry.currency))
        said = rule_text(entry, plan)
        assert all(sentence.strip() for sentence in (*told.sentences, *said))
        assert len(said) > 1 or entry.rule == "dispute_resolved", "the rule of each entry is told"


def test_kinds_when_explained_by_the_law_above_then_none_was_left_out() -> None:
    test_explanation_when_of_any_kind_under_any_plan_then_its_steps_are_the_entry_exactly()

    assert set(Kind) == SEEN
