"""What single facts do: the order they need, what is refused, and how refunds of lines count."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from services.commission.domain.book import Book, Desk, Outcome, Rejected
from services.commission.domain.brackets import Bracket
from services.commission.domain.facts import AnyFact, Invoiced, Paid, RewardsGranted
from services.commission.domain.incentives import Measure, Reward
from services.commission.domain.options import Base, EarnedOn, Refunds
from services.commission.domain.outcome import Posting, Waiting
from services.commission.domain.rules import Condition, Rule
from shared.chassis.values import replace
from tests.support.commission_world import AT, amended, closed, deal, plan, refunded, reopened, terms, who

TEN = plan((Bracket(0, None, Fraction("0.1")),), base=Base.DEAL)
LINES = (("a", 60_00), ("b", 40_00))


def _told(*facts: AnyFact) -> list[Outcome]:
    desk = Desk(Book(TEN))
    return [outcome for fact in facts for outcome in desk.take(fact)]


def _amounts(outcomes: list[Outcome]) -> list[int]:
    return [entry.amount for outcome in outcomes if isinstance(outcome, Posting) for entry in outcome.entries]


def _refusals(outcomes: list[Outcome]) -> list[str]:
    return [outcome.refusal.code for outcome in outcomes if isinstance(outcome, Rejected)]


def _waits(outcomes: list[Outcome]) -> list[str]:
    return [outcome.reason for outcome in outcomes if isinstance(outcome, Waiting)]


def test_refund_of_lines_when_each_is_named_then_pro_rata_and_exact_in_the_end() -> None:
    sold = closed(1, terms(100_00, lines=LINES))
    told = _told(sold, refunded(1, 60_00, event="r1", lines=[("a", 60_00)]), refunded(1, 40_00, event="r2"))
    assert _amounts(told) == [10_00, -6_00, -4_00]


@pytest.mark.parametrize(
    ("lines", "amount", "code"),
    [
        ([("a", 60_01)], 60_01, "refund_exceeds_sale"),
        ([("c", 1)], 1, "line_unknown"),
        ([("a", 1)], 2, "lines_mismatch"),
        ([], 0, "refund_invalid"),
        ([], -5, "refund_invalid"),
    ],
)
def test_refund_when_it_does_not_fit_the_sale_then_refused(lines: list[tuple[str, int]], amount: int, code: str) -> None:
    told = _told(closed(1, terms(100_00, lines=LINES)), refunded(1, amount, event="r", lines=lines))
    assert (_amounts(told), _refusals(told)) == ([10_00], [code])


@pytest.mark.parametrize(
    ("shares", "code"),
    [
        ([(who(1), Fraction(1, 2))], "splits_not_one"),
        ([(who(1), Fraction(1)), (who(2), Fraction(0))], "share_invalid"),
        ([(who(1), Fraction(1, 2)), (who(1), Fraction(1, 2))], "share_invalid"),
    ],
)
def test_close_when_its_shares_do_not_fit_then_refused(shares: list[tuple[object, Fraction]], code: str) -> None:
    assert _refusals(_told(closed(1, terms(100, shares=shares)))) == [code]  # type: ignore[arg-type]


def test_close_when_its_lines_are_not_the_amount_then_refused() -> None:
    assert _refusals(_told(closed(1, terms(99_00, lines=LINES)))) == ["lines_mismatch"]


def test_lost_deal_when_reopened_and_won_then_paid_once() -> None:
    told = _told(closed(1, None), reopened(1, event="o"), closed(1, terms(100_00), close=2))
    assert _amounts(told) == [10_00]


def test_lost_deal_when_refunded_or_amended_then_refused() -> None:
    told = _told(closed(1, None), refunded(1, 1, event="r"), amended(1, terms(5), event="a"))
    assert _refusals(told) == ["deal_not_won", "deal_not_won"]


def test_facts_when_their_close_was_undone_then_refused() -> None:
    told = _told(closed(1, terms(100_00)), reopened(1, event="o"), refunded(1, 1, event="r"), amended(1, terms(5), event="a"))
    assert _refusals(told) == ["close_undone", "close_undone"]


def test_everything_when_told_backwards_then_waits_and_ends_the_same() -> None:
    life = [
        closed(1, terms(100_00)),
        amended(1, terms(200_00), event="a"),
        refunded(1, 150_00, event="r", revision=1),
        reopened(1, event="o"),
        closed(1, terms(50_00), close=2),
    ]
    told = _told(*(life[index] for index in (4, 2, 1, 0, 3)))
    assert _waits(told)[:3] == ["reopen_unknown", "deal_unknown", "deal_unknown"]
    assert sum(_amounts(told)) == 5_00
    assert _refusals(told) == []


def test_amendment_when_older_than_the_terms_then_superseded() -> None:
    told = _told(closed(1, terms(100)), amended(1, terms(200), event="a2", revision=2), amended(1, terms(300), event="a1", revision=1))
    assert _refusals(told) == ["superseded"]


def test_amendment_when_below_what_was_refunded_then_refused() -> None:
    told = _told(closed(1, terms(100_00)), refunded(1, 60_00, event="r"), amended(1, terms(59_99), event="a"))
    assert _refusals(told) == ["refund_exceeds_sale"]


def test_refund_when_in_another_currency_than_the_sale_then_refused() -> None:
    sold = closed(1, terms(100_00, currency="USD"))
    other = refunded(1, 1, event="r")
    told = _told(sold, type(other)(other.id, other.deal_id, other.partner_id, other.at, 1, 1, "EUR"))
    assert _refusals(told) == ["currency_mismatch"]


@pytest.mark.parametrize(("kind", "on"), [(Paid, EarnedOn.PAID), (Invoiced, EarnedOn.INVOICED)])
@pytest.mark.parametrize("amount", [0, -1])
def test_receipt_when_it_is_not_above_zero_then_refused(kind: type[Paid | Invoiced], on: EarnedOn, amount: int) -> None:
    desk = Desk(Book(replace(TEN, versions=(replace(TEN.versions[0], earned_on=on),))))
    desk.take(closed(1, terms(100_00)))
    assert _refusals(desk.take(kind("p", deal(1), who(1), AT, 1, amount, "USD"))) == ["receipt_invalid"]


def test_reward_when_granted_again_for_the_period_then_refused_and_nothing_is_paid_twice() -> None:
    reward = Reward("top", 1, Measure.REVENUE, (50_00,))
    desk = Desk(Book(replace(TEN, versions=(replace(TEN.versions[0], rewards=(reward,)),))))
    first = RewardsGranted("first", AT, "top", 1, date(2025, 1, 1), ((who(1), 10_00),))
    told = [*desk.take(first), *desk.take(replace(first, id="second", ranked=((who(2), 11_00),)))]
    assert (_amounts(told), _refusals(told)) == ([50_00], ["reward_granted"])


@pytest.mark.parametrize("rules", [(), (Rule("r", Condition(), rate=Fraction("0.1")),)])
@pytest.mark.parametrize("refunds", Refunds)
def test_refund_when_past_the_limit_of_clawback_then_no_other_refund_takes_it_either_and_an_undone_close_takes_all(
    refunds: Refunds, rules: tuple[Rule, ...]
) -> None:
    version = replace(plan((Bracket(0, None, Fraction("0.1")),)).versions[0], refunds=refunds, rules=rules, clawback_days=20)
    book = Book(replace(TEN, versions=(version,)))
    late = replace(refunded(1, 40_00, event="late"), at=AT + timedelta(days=21))
    told = [book.take(fact) for fact in (closed(1, terms(100_00)), late, refunded(1, 50_00, event="r"), reopened(1, event="o"))]
    assert _amounts(told) == [10_00, 0, -5_00, -5_00]


@pytest.mark.parametrize("refunds", Refunds)
def test_refunds_when_one_is_past_the_limit_of_clawback_then_both_orders_leave_the_same(refunds: Refunds) -> None:
    """The smallest case there is: two units at a half."""
    version = replace(plan((Bracket(0, None, Fraction("0.5")),), base=Base.DEAL).versions[0], refunds=refunds, clawback_days=20)
    late, early = replace(refunded(1, 1, event="late"), at=AT + timedelta(days=21)), refunded(1, 1, event="early")
    left = set()
    for order in ((late, early), (early, late)):
        book = Book(replace(TEN, versions=(version,)))
        left.add(sum(_amounts([book.take(fact) for fact in (closed(1, terms(2)), *order)])))
    assert left == {0 if refunds is Refunds.ORIGINAL else 1}


@pytest.mark.parametrize("refunds", Refunds)
def test_refund_when_an_amendment_moves_the_close_then_the_limit_of_clawback_goes_by_the_new_terms(refunds: Refunds) -> None:
    version = replace(plan((Bracket(0, None, Fraction("0.1")),), base=Base.DEAL).versions[0], refunds=refunds, clawback_days=20)
    late = replace(refunded(1, 40_00, event="late"), at=AT + timedelta(days=21))
    moved, same = terms(100_00, at=AT + timedelta(days=1)), terms(100_00)
    for content, left in ((moved, 6_00), (same, 10_00)):
        for order in ((late, amended(1, content, event="a")), (amended(1, content, event="a"), late)):
            book = Book(replace(TEN, versions=(version,)))
            assert sum(_amounts([book.take(fact) for fact in (closed(1, terms(100_00)), *order)])) == left


def test_refund_in_time_when_another_was_late_then_its_reason_says_what_is_left_out() -> None:
    version = replace(TEN.versions[0], clawback_days=20)
    book = Book(replace(TEN, versions=(version,)))
    late = replace(refunded(1, 40_00, event="late"), at=AT + timedelta(days=21))
    told = [book.take(fact) for fact in (closed(1, terms(100_00)), late, refunded(1, 50_00, event="r"))]
    assert [entry.reason for each in told if isinstance(each, Posting) for entry in each.entries] == [
        "deal_won",
        "clawback_over",
        "refund_in_time",
    ]
