"""Banks' reports: what is read of a file, what is refused, and what each line does to its payout."""

from uuid import UUID

import pytest

from services.commission.domain.bank_reports import MOST_REASON, Outcome, Report, Result, Told, judged, name_of, why_failed
from services.commission.domain.payout_refusals import StatusReportUnreadable
from services.commission.domain.payouts import Payout, PayoutState
from services.commission.payout_files import pain002
from shared.chassis.ids import derived_id
from tests.support.bank_report import Line
from tests.support.bank_report import pain002 as written

BATCH = derived_id("batch").hex


def payout(number: int, state: PayoutState = PayoutState.IN_PAYOUT) -> Payout:
    return Payout(derived_id("payout", number), UUID(hex=BATCH), derived_id("partner", number), "USD", 100, "USD", 100, state)


def results(report: Report, *payouts: Payout) -> list[Result]:
    return [each.result for each in judged(report, {name_of(one): one for one in payouts})]


@pytest.mark.parametrize("version", ["10", "03"])
def test_file_when_read_then_each_payment_has_its_status_and_reason(version: str) -> None:
    content = written(
        BATCH, Line("a", "ACSC"), Line("b", "RJCT", "AC04", "the account was closed"), Line("c", None), info="PDNG", version=version
    )
    report = pain002.read(content)
    assert (report.message_id, report.original_id, report.whole) == ("BANK-1", BATCH, None)
    assert report.lines == (Told("a", "ACSC"), Told("b", "RJCT", "AC04: the account was closed"), Told("c", "PDNG"))


def test_file_when_it_names_no_payment_then_what_it_says_of_the_whole_counts() -> None:
    assert pain002.read(written(BATCH, group="RJCT", why=("AM04", "no funds"))).whole == Told("", "RJCT", "AM04: no funds")
    assert pain002.read(written(BATCH, group="PART", info="ACSC")).whole == Told("", "ACSC")
    assert pain002.read(written(BATCH)).whole is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no xml", "no XML"),
        (b"", "no XML"),
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.09'/>", "no pain.002"),
        (written(BATCH).replace(b"<MsgId>BANK-1</MsgId>", b""), "MsgId stands 0 times in GrpHdr"),
        (written(""), "OrgnlMsgId has none or more than 35 characters"),
        (written("x" * 36), "OrgnlMsgId has none or more"),
        (written(BATCH, Line("a", "SETTLED")), "TxSts has none or more than 4"),
        (
            written(BATCH, group="ACSC").replace(b"<GrpSts>ACSC</GrpSts>", b"<GrpSts>ACSC</GrpSts><GrpSts>RJCT</GrpSts>"),
            "GrpSts stands 2 times",
        ),
        (
            written(BATCH)
            .replace(b"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>", b"")
            .replace(b"<OrgnlMsgId>", b"<OrgnlMsgNmId>x</OrgnlMsgNmId><OrgnlMsgId>"),
            "another order",
        ),
    ],
)
def test_file_when_its_structure_is_not_the_standards_then_refused_with_the_fault(content: bytes, why: str) -> None:
    with pytest.raises(StatusReportUnreadable, match=why):
        pain002.read(content)


def test_file_when_it_would_make_the_reader_fetch_or_expand_then_nothing_of_it_is() -> None:
    bomb = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>""" + written("&e;").split(b"?>", 1)[1]
    with pytest.raises(StatusReportUnreadable):
        pain002.read(bomb)


@pytest.mark.parametrize(
    ("status", "state", "result"),
    [
        ("ACSC", PayoutState.IN_PAYOUT, Result.PAID),
        ("ACCC", PayoutState.IN_PAYOUT, Result.PAID),
        ("RJCT", PayoutState.IN_PAYOUT, Result.FAILED),
        ("PDNG", PayoutState.IN_PAYOUT, Result.UNCHANGED),
        ("ACSP", PayoutState.PAID, Result.UNCHANGED),
        ("ACSC", PayoutState.PAID, Result.ALREADY),
        ("RJCT", PayoutState.PAID, Result.FAILED),
        ("RJCT", PayoutState.FAILED, Result.ALREADY),
        ("ACSC", PayoutState.FAILED, Result.CONTRADICTS),
        ("ACSC", PayoutState.DRAFTED, Result.UNKNOWN),
        ("ACSC", PayoutState.SKIPPED, Result.UNKNOWN),
        ("RJCT", PayoutState.CANCELLED, Result.UNKNOWN),
    ],
)
def test_line_when_told_of_a_payout_then_it_goes_where_it_can_from_where_it_is(status: str, state: PayoutState, result: Result) -> None:
    one = payout(1, state)
    assert results(Report("m", BATCH, (Told(name_of(one), status),)), one) == [result]


def test_lines_when_one_payment_is_told_of_twice_then_the_second_meets_what_the_first_left() -> None:
    name = name_of(payout(1))
    lines = (Told(name, "ACSC"), Told(name, "ACSC"), Told(name, "RJCT"), Told(name, "ACSC"), Told("nobody", "ACSC"))
    expected = [Result.PAID, Result.ALREADY, Result.FAILED, Result.CONTRADICTS, Result.UNKNOWN]
    assert results(Report("m", BATCH, lines), payout(1)) == expected


def test_whole_when_refused_then_all_that_was_sent_comes_back() -> None:
    report = Report("m", BATCH, (), Told("", "RJCT", "AM04"))
    assert results(report, payout(1), payout(2, PayoutState.SKIPPED), payout(3)) == [Result.FAILED, Result.FAILED]


def test_reason_when_long_or_missing_then_as_the_payout_keeps_it() -> None:
    outcome = Outcome("p", derived_id("payout", 1), "RJCT", "x" * 400, Result.FAILED)
    assert len(why_failed(outcome)) == MOST_REASON
    assert why_failed(Outcome("p", None, "RJCT", None, Result.FAILED)) == "the bank gave no reason"
