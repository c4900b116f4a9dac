"""Ways to be paid twice or to lose money through decisions that meet, each closed."""

from datetime import date, timedelta
from fractions import Fraction

from services.commission.domain.book import Book
from services.commission.domain.brackets import Bracket
from services.commission.domain.calendar import PeriodKind
from services.commission.domain.dispute import DisputeRules, Hold, Said, begin
from services.commission.domain.dispute_hold import Disputed, hold_back
from services.commission.domain.entries import Entry
from services.commission.domain.facts import AnyFact, PeriodEnded, Released
from services.commission.domain.incentives import Bonus
from services.commission.domain.options import Base, Refunds
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Assignment, Plan
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from tests.support.commission_world import AT, closed, deal, plan, refunded, terms, who

STEPS = plan((Bracket(0, 100_00, Fraction("0.1")), Bracket(100_00, None, Fraction("0.2"))))
TEN = plan((Bracket(0, None, Fraction("0.1")),), base=Base.DEAL)


def _take(book: Book, fact: AnyFact) -> tuple[Entry, ...]:
    outcome = book.take(fact)
    assert isinstance(outcome, Posting), outcome
    return outcome.entries


def test_entry_when_more_went_back_of_it_than_it_gave_then_a_dispute_makes_nothing_payable() -> None:
    book = Book(replace(STEPS, versions=(replace(STEPS.versions[0], refunds=Refunds.RERATE),)))
    (first,) = _take(book, closed(1, terms(100_00)))
    _take(book, closed(2, terms(100_00)))
    _take(book, Released("release", deal(1), who(1), AT, 1, first.id))
    (back,) = _take(book, refunded(1, 100_00, event="refund"))
    assert (first.amount, back.amount) == (10_00, -20_00)
    dispute = begin(derived_id("dispute"), first, Said("why", AT, "ann"), stated_at=None, rules=DisputeRules(timedelta(1), timedelta(1)))
    now = Disputed(book.plan, book.deals[deal(1)], accrued=-10_00, left=-10_00, payable=10_00)
    held, fact = hold_back(dispute, now, at=AT)
    assert (held.hold, fact) == (Hold.NOTHING, None)


def _two_types() -> Plan:
    """Resellers and agents have a bonus each, of another name."""
    first = TEN.versions[0]
    return replace(
        TEN,
        versions=tuple(
            replace(
                first,
                number=number,
                assigned_to=Assignment(types=frozenset({kind})),
                bonuses=(Bonus(f"for {kind}", PeriodKind.YEAR, 50_00, flat=amount),),
            )
            for number, (kind, amount) in enumerate((("reseller", 9_00), ("agent", 7_00)), 1)
        ),
    )


def test_bonus_when_another_one_rules_the_period_later_then_the_first_is_taken_back() -> None:
    book = Book(_two_types())
    _take(book, closed(1, replace(terms(100_00), partner_type="reseller")))
    ended = PeriodEnded("first", who(1), AT, PeriodKind.YEAR, date(2026, 1, 1), "reseller")
    assert [(e.rule, e.amount) for e in _take(book, ended)] == [("for reseller", 9_00)]
    _take(book, closed(2, replace(terms(10_00), partner_type="agent")))
    found = _take(book, replace(ended, id="second", partner_type="agent"))
    assert sorted((e.rule, e.amount) for e in found) == [("for agent", 7_00), ("for reseller", -9_00)]


def test_bonus_when_no_version_is_for_the_partner_any_more_then_taken_back_by_the_version_that_gave_it() -> None:
    book = Book(_two_types())
    _take(book, closed(1, replace(terms(100_00), partner_type="agent")))
    ended = PeriodEnded("first", who(1), AT, PeriodKind.YEAR, date(2026, 1, 1), "agent")
    _take(book, ended)
    (back,) = _take(book, replace(ended, id="second", partner_type="distributor"))
    assert (back.rule, back.amount, back.plan_version) == ("for agent", -7_00, 2)
