"""Banks' reports on real batches: payouts go where the bank says, once, whatever comes twice, at once or from nowhere."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import partner, rows
from tests.integration.commission.finance import Finance, ok, refused
from tests.support.bank_report import Line, pain002

XML = {"content-type": "application/xml"}


@pytest.fixture
async def finance(stage: Stage, commission: Service, clock: ManualClock) -> Finance:
    return Finance(stage, commission, clock)


async def _started(finance: Finance, *partners: int) -> tuple[str, dict[int, str]]:
    """A batch under way, and the name of each partner's payment in its file."""
    for who in partners:
        await finance.payee(who)
        await finance.earn(150_00, who=who)
    batch = await finance.started()
    names = {UUID(each["partner_id"]): UUID(each["id"]).hex for each in await finance.payouts(batch)}
    return batch, {who: names[partner(who)] for who in partners}


async def _send(finance: Finance, content: bytes) -> dict[str, Any]:
    report: dict[str, Any] = await ok(finance.ann.post("/v1/bank-reports", content=content, headers=XML))
    return report


def _results(report: dict[str, Any]) -> list[str]:
    return [line["result"] for line in report["lines"]]


async def test_report_when_it_comes_then_paid_failed_and_waiting_payouts_are_as_the_bank_says(
    finance: Finance, commission: Service
) -> None:
    batch, names = await _started(finance, 1, 2, 3)
    lines = [Line(names[1], "ACSC"), Line(names[2], "RJCT", "AC04", "closed"), Line(names[3], "ACSP"), Line("f" * 32, "ACSC")]
    report = await _send(finance, pain002(UUID(batch).hex, *lines))
    assert _results(report) == ["paid", "failed", "unchanged", "unknown"]
    assert (report["batch_id"], report["repeated"], report["received_by"]) == (batch, False, "ann")
    assert await finance.outcome(batch) == {
        partner(1): ("paid", None),
        partner(2): ("failed", "AC04: closed"),
        partner(3): ("in_payout", None),
    }
    assert [await finance.balance(who) for who in (1, 2, 3)] == [(0, 0, 0, 150_00), (0, 150_00, 0, 0), (0, 0, 150_00, 0)]
    references = {each["partner_id"]: each["reference"] for each in await finance.payouts(batch)}
    assert references[str(partner(1))] == "pain.002 BANK-1"
    events = await rows(commission, "select type from outbox where type like '%payout_paid%' or type like '%payout_failed%' order by 1")
    assert [row[0] for row in events] == ["hansa.commission.payout_failed.v1", "hansa.commission.payout_paid.v1"]

    last = await _send(finance, pain002(UUID(batch).hex, Line(names[3], "ACCC"), message="BANK-2"))
    assert _results(last) == ["paid"]
    assert (await ok(finance.ann.get(f"/v1/payout-batches/{batch}")))["state"] == "settled"


async def test_report_when_the_same_file_comes_again_then_told_so_and_nothing_is_applied_twice(
    finance: Finance, commission: Service
) -> None:
    batch, names = await _started(finance, 1)
    paid, back = (
        pain002(UUID(batch).hex, Line(names[1], "ACSC")),
        pain002(UUID(batch).hex, Line(names[1], "RJCT", "AC04"), message="BANK-2"),
    )
    for content in (paid, back):
        await _send(finance, content)
    before = await rows(commission, "select count(*) from journal")
    again = [await _send(finance, content) for content in (paid, back)]
    assert [(each["repeated"], _results(each)) for each in again] == [(True, ["paid"]), (True, ["failed"])]
    assert await rows(commission, "select count(*) from journal") == before
    assert await finance.balance() == (0, 150_00, 0, 0)
    late = await _send(finance, pain002(UUID(batch).hex, Line(names[1], "ACSC"), message="BANK-3"))
    assert _results(late) == ["contradicts"]
    listed = (await ok(finance.ann.get("/v1/bank-reports", params={"limit": 2})))["items"]
    assert [each["message_id"] for each in listed] == ["BANK-3", "BANK-2"]


async def test_report_when_sent_several_times_at_once_then_applied_once(finance: Finance, commission: Service) -> None:
    batch, names = await _started(finance, 1, 2)
    content = pain002(UUID(batch).hex, Line(names[1], "ACSC"), Line(names[2], "RJCT", "AC04"))
    told = await asyncio.gather(*(_send(finance, content) for _ in range(6)))
    assert sorted(each["repeated"] for each in told) == [False, True, True, True, True, True]
    steps = "select count(*) from journal where body->>'what' in ('payout_paid', 'payout_failed')"
    assert await rows(commission, steps) == [(2,)]


async def test_report_when_it_tells_of_the_whole_then_every_payout_of_its_batch_follows(finance: Finance) -> None:
    batch, _ = await _started(finance, 1, 2)
    report = await _send(finance, pain002(UUID(batch).hex, group="RJCT", why=("AM04", "no funds")))
    assert _results(report) == ["failed", "failed"]
    assert set((await finance.outcome(batch)).values()) == {("failed", "AM04: no funds")}


async def test_report_when_of_no_batch_that_was_sent_or_of_another_then_every_line_is_unknown(finance: Finance) -> None:
    batch, names = await _started(finance, 1)
    await finance.payee(2)
    await finance.earn(150_00, who=2)
    approved = await finance.approved()
    for number, original in enumerate((approved, str(UUID(int=7)), "ours")):
        named = UUID(original).hex if original != "ours" else original
        report = await _send(finance, pain002(named, Line(names[1], "RJCT"), message=f"BANK-{number}"))
        assert (report["batch_id"], _results(report)) == (None, ["unknown"])
    assert (await finance.outcome(batch))[partner(1)] == ("in_payout", None)


async def test_report_when_unreadable_or_of_a_name_with_another_content_then_refused(finance: Finance) -> None:
    batch, names = await _started(finance, 1)
    assert await refused(finance.ann.post("/v1/bank-reports", content=b"<a/>", headers=XML)) == (422, "status_report_unreadable")
    await _send(finance, pain002(UUID(batch).hex, Line(names[1], "PDNG")))
    other = pain002(UUID(batch).hex, Line(names[1], "ACSC"))
    assert await refused(finance.ann.post("/v1/bank-reports", content=other, headers=XML)) == (409, "status_report_conflict")
    assert await finance.balance() == (0, 0, 150_00, 0)


async def test_report_when_a_partner_sends_or_reads_it_then_refused(stage: Stage, commission: Service) -> None:
    client = stage.client(commission)
    client.headers["authorization"] = f"Bearer {stage.issuer.issue('partner', partner_id=partner(1))}"
    assert (await client.post("/v1/bank-reports", content=pain002("x"), headers=XML)).status_code == 403
    assert (await client.get("/v1/bank-reports")).status_code == 403
