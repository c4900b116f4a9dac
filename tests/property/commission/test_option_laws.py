"""The laws of money under every option: rules, limits, SPIFFs, rerating, cash, another currency, in any mixture."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.commission.domain.book import Book, Desk, Rejected
from services.commission.domain.brackets import Bracket, Mode
from services.commission.domain.calendar import PeriodKind
from services.commission.domain.entries import Entry
from services.commission.domain.explaining import explain
from services.commission.domain.facts import AnyFact, Line, Paid, Rate
from services.commission.domain.incentives import Cap, Spiff
from services.commission.domain.ledger import Journaled, replay
from services.commission.domain.options import Base, EarnedOn, Refunds, Split
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.rules import Condition, Rule, Select
from services.commission.store.encoding import decoded_deal, decoded_derivation, decoded_fact, encoded, fact_kind
from shared.chassis.values import replace
from tests.support.commission_world import AT, amended, closed, deal, refunded, reopened, terms, who

RATES = st.decimals(0, 1, places=3).map(Fraction)
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))
PRODUCTS = ("a", "b", "c")
EUR = Rate("rate", AT, "EUR", "USD", AT.date(), Fraction("1.0837"), "test")
LATER = timedelta(days=5)
LATER_EUR = Rate("later", AT, "EUR", "USD", (AT + LATER).date(), Fraction("0.9"), "test")
DAYS_AFTER = st.sampled_from([0, 20, 21, 25, 26]).map(lambda days: timedelta(days=days))


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    found = []
    for number in range(draw(st.integers(0, 3))):
        when = Condition(product=draw(st.sampled_from([None, *PRODUCTS])), family=draw(st.sampled_from([None, "f"])))
        gives: dict[str, Any] = draw(
            st.one_of(
                st.fixed_dictionaries({"rate": RATES}),
                st.fixed_dictionaries({"flat": st.integers(0, 500)}),
                st.just({"brackets": (Bracket(0, 5_000, Fraction("0.3")), Bracket(5_000, None, Fraction("0.1")))}),
            )
        )
        found.append(Rule(f"r{number}", when, counts=draw(st.booleans()), **gives))
    return tuple(found)


@st.composite
def spiffs(draw: st.DrawFn) -> tuple[Spiff, ...]:
    if not draw(st.booleans()):
        return ()
    limits = {"cap": draw(st.none() | st.integers(0, 500)), "budget": draw(st.none() | st.integers(0, 900))}
    return (Spiff("s", *ALWAYS, Condition(product=draw(st.sampled_from([None, "a"]))), per_unit=draw(st.integers(0, 300)), **limits),)


@st.composite
def plans(draw: st.DrawFn, *, refunds: Refunds | None = None, base: Base | None = None, limits: bool = True) -> Plan:
    edge = draw(st.integers(1, 50_000))
    split, how = draw(st.sampled_from(Split)), refunds or draw(st.sampled_from(Refunds))
    parts = (split, how) != (Split.COMMISSION, Refunds.RERATE)  # rules and cash are refused there
    version = PlanVersion(
        number=1,
        effective_from=ALWAYS[0],
        brackets=(Bracket(0, edge, draw(RATES), draw(st.integers(0, 300))), Bracket(edge, None, draw(RATES), draw(st.integers(0, 300)))),
        base=base or draw(st.sampled_from(Base)),
        mode=draw(st.sampled_from(Mode)),
        split=split,
        refunds=how,
        earned_on=draw(st.sampled_from([EarnedOn.WON, EarnedOn.WON, EarnedOn.PAID])) if parts else EarnedOn.WON,
        select=draw(st.sampled_from(Select)),
        rules=draw(rules()) if parts else (),
        caps=(Cap(PeriodKind.YEAR, draw(st.integers(0, 20_000))),) if limits and draw(st.booleans()) else (),
        spiffs=draw(spiffs()) if limits else (),
    )
    return Plan("USD", (version,))


@st.composite
def sales(draw: st.DrawFn) -> Any:
    """Terms of one to three lines, shared by one to three partners, in dollars or euros."""
    amounts = draw(st.lists(st.integers(1, 30_000), min_size=1, max_size=3))
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    shares = [(who(number), Fraction(weight, sum(weights))) for number, weight in enumerate(weights, 1)]
    lines = tuple(Line(name, name, "f", amount, draw(st.integers(1, 3))) for name, amount in zip(PRODUCTS, amounts, strict=False))
    currency = draw(st.sampled_from(["USD", "EUR"]))
    return replace(terms(sum(amounts), shares=shares, currency=currency), lines=lines)


@st.composite
def refund_parts(draw: st.DrawFn, sold: Any) -> list[AnyFact]:
    """Refunds that add up to the whole sale: some name a line, the last amount takes what is left."""
    left = {line.line_id: line.amount for line in sold.lines}
    parts: list[AnyFact] = []
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(left)))
        amount = draw(st.integers(0, left[name]))
        if amount:
            left[name] -= amount
            parts.append(_refund(sold, amount, f"n{number}", [(name, amount)]))
    rest = sum(left.values())
    first = draw(st.integers(0, rest))
    parts += [_refund(sold, amount, f"a{n}", []) for n, amount in enumerate((first, rest - first)) if amount]
    return parts


def _refund(sold: Any, amount: int, event: str, lines: list[tuple[str, int]]) -> AnyFact:
    return replace(refunded(1, amount, event=event, lines=lines), currency=sold.currency)


@st.composite
def _corrected(draw: st.DrawFn, sold: Any) -> Any:
    """Other terms that cover every refund of these: as much or more of each line, closed then or some days later."""
    lines = tuple(replace(line, amount=line.amount + draw(st.integers(0, 9_000))) for line in sold.lines)
    closed_at = AT + draw(st.sampled_from([timedelta(0), LATER]))
    return replace(sold, amount=sum(line.amount for line in lines), lines=lines, closed_at=closed_at)


def _paid(sold: Any, *amounts: int, number: int = 1) -> list[AnyFact]:
    return [Paid(f"paid {number}.{n}", deal(number), who(1), AT, 1, amount, sold.currency) for n, amount in enumerate(amounts) if amount]


def _post(book: Book, *facts: AnyFact) -> list[Entry]:
    entries = []
    for fact in facts:
        outcome = book.take(fact)
        assert isinstance(outcome, Posting), outcome
        entries += outcome.entries
    return entries


def _sums(entries: list[Entry]) -> dict[UUID, int]:
    sums: dict[UUID, int] = defaultdict(int)
    for entry in entries:
        sums[entry.partner_id] += entry.amount
    return {partner: total for partner, total in sums.items() if total}


@given(plans(), sales(), st.data())
def test_refund_when_whole_in_any_parts_then_nothing_is_left_anywhere(plan: Plan, sold: Any, data: st.DataObject) -> None:
    version, book = plan.versions[0], Book(plan, rates=[EUR])
    in_parts = version.refunds is Refunds.ORIGINAL or not version.rules
    paid = data.draw(st.integers(0, sold.amount)) if in_parts else sold.amount
    entries = _post(book, closed(1, sold), *_paid(sold, paid, sold.amount - paid), *data.draw(refund_parts(sold)))
    assert _sums(entries) == {}
    assert not any(book.positions.months.values())
    assert not any(book.earned.months.values())
    assert not any(book.tallies.sums.values())


@given(plans(refunds=Refunds.RERATE, base=Base.CUMULATIVE, limits=False), sales(), sales(), st.data())
def test_rerate_when_deals_are_refunded_and_undone_then_nothing_stays_in_held_for_good(
    plan: Plan, first: Any, second: Any, data: st.DataObject
) -> None:
    book = Book(plan, rates=[EUR])
    held: dict[UUID, int] = defaultdict(int)
    facts = [closed(1, first), *_paid(first, first.amount), closed(2, second), *_paid(second, second.amount, number=2)]
    for fact in (*facts, *data.draw(refund_parts(first)), reopened(1, event="o1"), reopened(2, event="o2")):
        outcome = book.take(fact)
        assert isinstance(outcome, Posting), outcome
        for t in outcome.transfers:
            held[t.partner_id] += t.amount * ((t.target == "partner:held") - (t.source == "partner:held"))
    assert not any(held.values())
    assert not any(book.positions.months.values())


@given(plans(refunds=Refunds.RERATE, base=Base.CUMULATIVE, limits=False), st.lists(sales(), min_size=1, max_size=3), st.data())
def test_rerate_when_deals_are_refunded_in_any_order_then_entries_add_up_to_the_schedule_of_what_is_left(
    plan: Plan, sold: list[Any], data: st.DataObject
) -> None:
    """Where brackets alone make commission, in parts or at once: that is what `rerate` promises."""
    plan = replace(plan, versions=(replace(plan.versions[0], rules=()),))
    version, book = plan.versions[0], Book(plan, rates=[EUR])
    facts = [
        fact
        for number, each in enumerate(sold, 1)
        for fact in (closed(number, each), *_paid(each, each.amount // 3, each.amount - each.amount // 3, number=number))
    ]
    back = [
        replace(refund, id=f"{number} {refund.id}", deal_id=deal(number))
        for number, each in enumerate(sold, 1)
        for refund in data.draw(refund_parts(each))
    ]
    entries = _post(book, *facts, *data.draw(st.permutations(back))[: data.draw(st.integers(0, len(back)))])
    revenue: dict[UUID, int] = defaultdict(int)
    for (partner_id, _), counted in book.positions.months.items():
        revenue[partner_id] += counted
    worth = {partner_id: version.schedule.cumulative(counted) for partner_id, counted in revenue.items()}
    if version.split is Split.COMMISSION:
        assert sum(entry.amount for entry in entries) == sum(worth.values())
    else:
        assert _sums(entries) == {partner_id: amount for partner_id, amount in worth.items() if amount}


@given(plans(), sales(), st.data())
def test_parts_when_added_up_then_revenue_is_the_whole_and_limits_hold(plan: Plan, sold: Any, data: st.DataObject) -> None:
    version, book = plan.versions[0], Book(plan, rates=[EUR])
    entries = _post(book, closed(1, sold), *_paid(sold, sold.amount), closed(2, sold), *_paid(sold, sold.amount, number=2))
    whole = sold.amount if sold.currency == "USD" else round(Fraction(sold.amount) * EUR.rate + Fraction(1, 10**9))
    assert sum(entry.revenue for entry in entries) == 2 * whole
    for cap in version.caps:
        assert all(total <= cap.amount for total in _sums(entries).values())
    for spiff in version.spiffs:
        paid = _sums([entry for entry in entries if entry.kind == "spiff"])
        assert spiff.cap is None or all(total <= spiff.cap for total in paid.values())
        assert spiff.budget is None or sum(paid.values()) <= spiff.budget


@given(plans(), sales(), sales(), st.data())
def test_life_when_replayed_and_read_back_then_the_same_and_explained_to_the_cent(
    plan: Plan, first: Any, second: Any, data: st.DataObject
) -> None:
    book, journal, entries = Book(plan), [], []
    changed = replace(second, currency=first.currency)
    life = [EUR, closed(1, first), *_paid(first, first.amount // 2), *data.draw(refund_parts(first))[:2]]
    for fact in [*life, amended(1, changed, event="a"), reopened(1, event="o"), closed(1, second, close=2)]:
        outcome = book.take(fact)
        if isinstance(outcome, Rejected):
            continue
        assert isinstance(outcome, Posting), outcome
        journal.append(Journaled(decoded_fact(fact_kind(fact), encoded(fact)), 1))
        assert journal[-1].fact == fact
        entries += outcome.entries
        if (after := outcome.deal) is not None:
            sale = after.sale and encoded(after.sale)
            assert decoded_deal(after.id, after.partner_id, after.close_number, after.standing, after.revision, sale) == after
    assert replay(journal, plan).entries == entries
    for entry in entries:
        assert decoded_derivation(orjson.loads(encoded(entry.derivation))) == entry.derivation
        assert sum(Decimal(step.amount) for step in explain(entry).steps) == Decimal(entry.amount) / 100


@given(plans(base=Base.DEAL, limits=False), st.none() | st.just(20), sales(), sales(), st.data())
def test_facts_when_interleaved_in_any_way_then_a_plan_by_deal_ends_the_same(
    plan: Plan, clawback_days: int | None, first: Any, second: Any, data: st.DataObject
) -> None:
    """Closes, refunds of any time, corrections that move the close, reopenings: a deal that is earned when it is won."""
    plan = replace(plan, versions=(replace(plan.versions[0], earned_on=EarnedOn.WON, clawback_days=clawback_days),))
    back = [replace(refund, at=AT + data.draw(DAYS_AFTER)) for refund in data.draw(refund_parts(first))]
    facts: list[AnyFact] = [EUR, LATER_EUR, closed(1, first), closed(2, second), *back]
    if data.draw(st.booleans()):
        facts.append(amended(1, data.draw(_corrected(first)), event="a"))
    if data.draw(st.booleans()):
        facts += [reopened(1, event="o"), closed(1, second, close=2)][: data.draw(st.integers(1, 2))]
    ends = []
    for order in (facts, data.draw(st.permutations(facts))):
        desk, entries = Desk(Book(plan)), []
        for fact in order:
            entries += [entry for outcome in desk.take(fact) if isinstance(outcome, Posting) for entry in outcome.entries]
        ends.append(_sums(entries))
        assert desk.waiting == []
    assert ends[0] == ends[1]
