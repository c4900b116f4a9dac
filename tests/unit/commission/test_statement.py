"""Periods of statements in the programme's time zone, what a check finds, and the paper."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any
from zoneinfo import available_timezones

import orjson
import pytest

from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.entries import Account, Given, Kind
from services.commission.domain.facts import Adjusted, Booked, Frozen, Moved, Rate, Thawed
from services.commission.domain.statement import midnight, span_of
from services.commission.statement_check import Unreadable, check, read
from services.commission.statement_document import canonical, seal
from services.commission.statement_pdf import render
from services.commission.statement_words import amount, label
from shared.chassis.ids import derived_id
from shared.chassis.values import replace
from tests.support.commission_statements import RECORDED, SEED, Books
from tests.support.commission_world import AT, closed, deal, refunded, terms, who

MICROSECOND = timedelta(microseconds=1)
APRIL = datetime(2026, 4, 15, tzinfo=UTC)


@pytest.fixture
def books() -> Books:
    """A partner with a deal in March, and in April a refund of it, a payout and an adjustment in another currency."""
    books = Books()
    books.post(closed(1, terms(90_000_00)), closed(2, terms(100, shares=None)))
    return books


@pytest.fixture
def two(books: Books) -> tuple[dict[str, Any], dict[str, Any]]:
    first = books.state(who(1))
    adjusted = Adjusted(derived_id("a"), -120_50, Kind.ADJUSTMENT, "agreed", deal(1), None, Account.PAYABLE, Given("agreed"))
    books.post(
        refunded(1, 80_000_00, event="r"),
        Booked("p", who(1), APRIL, "payout_started", "USD", (Moved(Account.PAYABLE, Account.IN_PAYOUT, 70_00),)),
        Booked("a", who(1), APRIL, "dispute_resolved", "EUR", (), (adjusted,)),
        at=APRIL,
    )
    second = books.state(who(1), name="Partner & Söhne")
    assert first is not None
    assert second is not None
    return first, second


def codes(document: dict[str, Any], **options: Any) -> set[str]:
    return {finding.code for finding in check(document, **options)}


def test_month_when_in_any_time_zone_then_its_first_instant_is_its_first_day_and_the_one_before_is_not() -> None:
    for zone in sorted(available_timezones()):
        calendar = Calendar(zone)
        for year, month in product((1999, 2026), range(1, 13)):
            begins = midnight(date(year, month, 1), zone)
            assert calendar.day(begins) == date(year, month, 1), zone
            assert calendar.day(begins - MICROSECOND) < date(year, month, 1), zone


def test_march_in_berlin_when_clocks_go_forward_then_an_hour_shorter_than_its_days() -> None:
    span = span_of(Calendar("Europe/Berlin"), PeriodKind.MONTH, datetime(2026, 3, 31, 21, 59, tzinfo=UTC))
    assert (span.first, span.until, span.ends - span.starts) == (date(2026, 3, 1), date(2026, 4, 1), timedelta(days=31, hours=-1))
    assert span_of(Calendar("Europe/Berlin"), PeriodKind.MONTH, span.ends).first == date(2026, 4, 1)


@pytest.mark.parametrize(("day", "month"), [(31, 1), (31, 12), (30, 4), (28, 2)])
def test_last_day_of_a_month_when_recorded_then_in_its_month(day: int, month: int) -> None:
    recorded = datetime(2026, month, day, 23, 59, 59, 999_999, tzinfo=UTC)
    assert span_of(Calendar(), PeriodKind.MONTH, recorded).first == date(2026, month, 1)


def test_fact_when_posted_after_its_period_was_stated_then_goes_into_the_next() -> None:
    march = span_of(Calendar(), PeriodKind.MONTH, RECORDED)
    assert span_of(Calendar(), PeriodKind.MONTH, RECORDED, after=march).first == date(2026, 4, 1)


def test_period_when_the_policy_went_from_month_to_quarter_then_begins_where_the_last_ended() -> None:
    january = span_of(Calendar(), PeriodKind.MONTH, datetime(2026, 1, 5, tzinfo=UTC))
    after = span_of(Calendar(), PeriodKind.QUARTER, datetime(2026, 2, 5, tzinfo=UTC), after=january)
    assert (after.first, after.until) == (date(2026, 2, 1), date(2026, 4, 1))


def test_statements_when_right_then_nothing_is_found(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, second = two
    assert check(first) == check(second) == check(second, former=first) == []
    assert {each["currency"] for each in second["summary"]} == {"EUR", "USD"}


def test_summary_when_added_up_then_opening_and_changes_are_the_closing(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for summary in two[1]["summary"]:
        for bucket in ("held", "payable", "in_payout", "paid"):
            changes = sum(change[bucket] for change in summary["changes"])
            assert summary["opening"][bucket] + changes == summary["closing"][bucket]


def test_entry_when_frozen_then_in_dispute_until_thawed(books: Books) -> None:
    entry_id = derived_id("commission.entry", "close 1.1", Kind.ACCRUAL, who(1))
    books.post(Frozen("f", deal(1), who(1), RECORDED, 1, entry_id))
    first = books.state(who(1))
    books.post(Thawed("t", deal(1), who(1), APRIL, 1, entry_id), at=APRIL)
    second = books.state(who(1))
    assert first is not None
    assert second is not None
    held = [{"entry_id": str(entry_id), "held": 13_500_00}]
    assert (first["closing"]["disputed"], second["opening"]["disputed"], second["closing"]["disputed"]) == (held, held, [])
    assert check(second, former=first) == []


def _changed(document: dict[str, Any], change: str) -> dict[str, Any]:
    """The document with one thing changed and sealed anew, as a forger would."""
    forged = deepcopy(document)
    exec(change, {"d": forged})
    return seal({key: value for key, value in forged.items() if key != "hash"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("d['lines'][0]['entries'][0]['amount'] += 1", "figure_differs"),
        ("d['lines'][0]['entries'].pop()", "figure_differs"),
        ("del d['lines'][0]['entries'][0]['amount']", "not_computable"),
        ("del d['summary'][0]['closing']['payable']", "figure_missing"),
        ("d['closing']['balances'][0]['bonus'] = 1", "figure_unknown"),
        ("d['lines'][0]['fact']['amount'] += 1", "figure_differs"),
        ("d['lines'][0]['entries'][0]['told']['steps'][0]['amount'] = '1.00'", "steps_differ"),
        ("d['lines'].pop(0)", "figure_differs"),
        ("d['lines'][1]['number'] += 1", "fact_missing"),
        ("d['lines'][0]['recorded_at'] = '2026-05-01T00:00:00+00:00'", "not_of_this_period"),
        ("d['period']['ends'] = '2026-05-02T00:00:00+00:00'", "period_differs"),
        ("d['plan'][0]['document']['versions'] = []", "not_computable"),
        ("d['lines'] = []", "not_computable"),
        ("d['opening'] = None", "not_computable"),
    ],
)
def test_statement_when_changed_and_sealed_anew_then_the_calculator_finds_it(
    two: tuple[dict[str, Any], dict[str, Any]], change: str, code: str
) -> None:
    assert code in codes(_changed(two[1], change))


def test_line_when_changed_then_its_hash_and_the_whole_differ(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    forged = deepcopy(two[1])
    forged["lines"][0]["entries"][0]["told"]["sentences"][0] = "You are owed a million."
    assert [(finding.code, finding.place) for finding in check(forged)] == [("hash_differs", "lines[0]"), ("hash_differs", "hash")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("d['former'] = 'f' * 64", "chain_broken"),
        ("d['number'] = 3", "not_the_former"),
        ("d['partner']['id'] = '00000000-0000-0000-0000-000000000001'", "not_the_former"),
    ],
)
def test_statement_when_it_does_not_follow_the_former_then_said(two: tuple[dict[str, Any], dict[str, Any]], change: str, code: str) -> None:
    assert code in codes(_changed(two[1], change), former=two[0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "cannot be read as JSON"),
        (b"[]", "no statement"),
        (b'{"format": "hansa.statement/9"}', "no statement"),
        (b'{"a": 1, "a": 1}', "a key stands twice"),
        (b'{"a": 1.0}', "no whole number"),
        (b'{"a": NaN}', "no whole number"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_file_when_it_is_no_statement_then_said_in_a_sentence(text: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read(text)


def test_file_when_written_and_read_then_the_same(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert read(canonical(two[1])) == two[1] == orjson.loads(orjson.dumps(two[1], option=orjson.OPT_INDENT_2))


def test_paper_when_printed_twice_then_the_same_bytes_with_the_statement_in_them(two: tuple[dict[str, Any], dict[str, Any]]) -> None:
    once = render(two[1])
    assert once == render(two[1]) != render(two[0])
    assert once.startswith(b"%PDF-")
    assert b"/EmbeddedFile" in once


def test_paper_of_five_hundred_entries_when_printed_then_pages_follow(books: Books) -> None:
    books.post(*(closed(number, terms(12_345_67)) for number in range(10, 510)))
    statement = books.state(who(1), name="Ź" * 300)
    assert statement is not None
    assert render(statement).count(b"/Type /Page\n") > 20


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(123_456_789, "USD", "1,234,567.89"), (-5, "USD", "−0.05"), (-1_250_000, "JPY", "−1,250,000"), (0, "KWD", "0.000")],
)
def test_amount_when_printed_then_with_the_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert amount(minor, currency) == text


def test_cause_when_a_later_release_made_it_then_printed_by_its_name() -> None:
    assert (label("released"), label("margin_paid")) == ("Holds ended", "Margin paid")


def test_paper_when_a_deal_was_in_another_currency_then_its_rate_stands_there() -> None:
    books, day = Books(), date(2026, 3, 1)
    books.post(Rate("rate", RECORDED, "EUR", "USD", day, Fraction("1.0875"), "ECB"), closed(1, terms(1_000_00, currency="EUR")))
    statement = books.state(who(1))
    assert statement is not None
    assert check(statement) == []
    assert [(each["from_currency"], each["rate"]) for each in statement["rates"]] == [("EUR", "87/80")]
    assert statement["closing"]["balances"][0]["held"] == 163_13
    assert render(statement) == render(statement)


def test_budget_when_another_partner_used_most_of_it_then_what_was_used_is_stated_as_given() -> None:
    spiff = {"name": "launch", "from": "2026-01-01", "until": "2027-01-01", "when": {}, "rate": "0.1", "budget": "150"}
    books = Books({**SEED, "versions": [{**SEED["versions"][0], "spiffs": [spiff]}]})  # type: ignore[index]
    books.post(closed(1, terms(1_000_00), by=1), closed(2, terms(1_000_00, shares=[(who(2), Fraction(1))]), by=2))
    first, second = books.state(who(1)), books.state(who(2))
    assert first is not None
    assert second is not None
    assert check(first) == check(second) == []
    assert first["lines"][0]["given"]["budgets"] == []
    assert second["lines"][0]["given"]["budgets"] == [{"spiff": "launch", "used": 100_00}]
    assert [entry["amount"] for entry in second["lines"][0]["entries"]] == [150_00, 50_00]


def test_plan_when_versions_and_rules_are_others_alone_then_their_terms_are_withheld() -> None:
    seed: dict[str, Any] = SEED["versions"][0]  # type: ignore[index]
    rules = [{"name": "secret deal", "when": {"partner": str(who(2))}, "rate": "0.77"}]
    theirs = {**seed, "assigned_to": {"partners": [str(who(2))]}, "brackets": [{"from": "0", "to": None, "rate": "0.66"}]}
    books = Books({**SEED, "versions": [{**seed, "rules": rules}, theirs]})
    books.post(closed(1, terms(1_000_00), by=1))
    statement = books.state(who(1))
    assert statement is not None
    assert check(statement) == []
    text = canonical(statement).decode()
    assert not [word for word in ("secret deal", "0.77", "0.66", str(who(2))) if word in text]
    assert "versions" not in statement["plan"][1]["document"]


def test_refund_when_past_the_limit_and_divided_by_the_schedule_then_stated_and_told_as_what_went_back_of_the_sale() -> None:
    version = {**SEED["versions"][0], "split": "commission", "refunds": "rerate", "clawback_days": 20}  # type: ignore[index]
    books = Books({**SEED, "versions": [version]})
    rate = Rate("rate", RECORDED, "JPY", "USD", AT.date(), Fraction("0.0067"), "ECB")
    books.post(rate, closed(1, terms(100_000, currency="JPY", shares=[(who(1), Fraction(1, 2)), (who(2), Fraction(1, 2))])))
    first = books.state(who(2))
    books.post(replace(refunded(1, 40_000, event="r"), currency="JPY", at=APRIL), at=APRIL)
    second = books.state(who(2))
    assert first is not None
    assert second is not None
    assert check(first) == check(second, former=first) == []
    (entry,) = second["lines"][0]["entries"]
    assert (entry["amount"], entry["reason"], entry["derivation"]["already"]) == (0, "clawback_over", 0)
    assert [entry["derivation"][name] for name in ("refunded", "sold", "sold_in")] == [40_000, 100_000, "JPY"]


def test_deal_divided_by_the_schedule_when_refunded_in_parts_and_another_is_capped_then_all_goes_back_and_is_stated() -> None:
    version = {**SEED["versions"][0], "split": "commission", "refunds": "rerate", "caps": [{"period": "month", "amount": "10"}]}  # type: ignore[index]
    books = Books({**SEED, "versions": [version]})
    books.post(closed(2, terms(100_00, shares=[(who(2), Fraction(1))]), by=2))  # which leaves nothing for it below the cap
    books.post(closed(1, terms(100_00, shares=[(who(1), Fraction(1, 2)), (who(2), Fraction(1, 2))])))
    books.post(refunded(1, 50_00, event="a"), refunded(1, 50_00, event="b"))
    statement = books.state(who(1))
    assert statement is not None
    assert check(statement) == []
    assert [entry["amount"] for line in statement["lines"] for entry in line["entries"]] == [7_50, -3_75, -3_75]


def test_entry_when_a_dispute_holds_it_then_marked() -> None:
    books = Books()
    entry_id = derived_id("commission.entry", "close 1.1", Kind.ACCRUAL, who(1))
    books.post(closed(1, terms(90_000_00)), closed(2, terms(100)), Frozen("f", deal(1), who(1), RECORDED, 1, entry_id))
    statement = books.state(who(1))
    assert statement is not None
    assert [entry["disputed"] for line in statement["lines"] for entry in line["entries"]] == [True, False]
    assert check(statement) == []
