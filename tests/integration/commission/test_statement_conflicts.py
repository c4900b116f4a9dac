"""What conflicts hold in statements: it opens with what the one before closed with, and anyone can verify it."""

from pathlib import Path

from services.commission.domain.entries import Account
from services.commission.domain.facts import Moved
from services.commission.statement_check import check
from services.commission.statement_document import seal
from tests.integration.commission.facts import closed, conflict_decided, conflict_opened, refunded, rows, take_in
from tests.integration.commission.parties import Parties
from tests.integration.commission.stating import APRIL, DAY, JUNE, MAY, Json, download, of, verify


def _short(part: Json) -> list[int]:
    return [each["held"] for each in part["contested"]]


async def test_entry_when_contested_over_the_end_of_a_period_then_statements_say_so_and_verify(parties: Parties, tmp_path: Path) -> None:
    await take_in(parties.service, closed(1, 100_00, shares={1: "0.5", 2: "0.5"}), conflict_opened(1, 1))
    await take_in(parties.service, refunded(1, 40_00))
    await parties.time(APRIL)
    await take_in(parties.service, conflict_decided(1, 1))
    await parties.time(APRIL + 20 * DAY)
    await parties.time(MAY)
    for number in (1, 2):
        march, april = await of(parties.service, number)
        assert (_short(march["opening"]), _short(march["closing"]), march["closing"]["balances"][0]["held"]) == ([], [4_50], 4_50)
        assert [e["kind"] for line in march["lines"] for e in line["entries"] if e["contested"]] == ["accrual"]
        assert (_short(april["opening"]), _short(april["closing"]), april["closing"]["balances"][0]["payable"]) == ([4_50], [], 4_50)
        (_, former), (_, later) = enumerate(await download(parties.client(number), tmp_path, number))
        assert verify(former.document, "--pdf", former.pdf) == (0, [])
        assert verify(later.document, "--former", former.document, "--pdf", later.pdf, "--hash", later.announced) == (0, [])


async def test_entry_when_paid_out_in_part_then_the_statement_says_what_is_kept_and_what_moved_it(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(APRIL + 20 * DAY)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, 9_00))
    await take_in(parties.service, conflict_opened(1, 1))
    await parties.time(MAY)
    *_, april = await of(parties.service, 1)
    assert (_short(april["closing"]), april["disputes"]) == ([6_00], [])
    assert [change["cause"] for change in april["summary"][0]["changes"]] == ["released", "bonus", "contested"]
    await take_in(parties.service, conflict_decided(1, 1))
    await parties.time(JUNE)
    *_, may = await of(parties.service, 1)
    assert (_short(may["opening"]), _short(may["closing"])) == ([6_00], [])
    assert [change["cause"] for change in may["summary"][0]["changes"]] == ["conflict_decided"]


async def test_entry_when_disputed_too_then_both_are_told_apart(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    await take_in(parties.service, conflict_opened(1, 1))
    await parties.time(APRIL)
    (march,) = await of(parties.service, 1)
    assert (_short(march["closing"]), [each["held"] for each in march["disputes"]]) == ([15_00], [15_00])
    await parties.done(dispute, "decline", reason="It is right.")
    await parties.time(MAY)
    *_, april = await of(parties.service, 1)
    assert (_short(april["closing"]), april["closing"]["disputed"]) == ([15_00], [])


async def test_statement_when_what_conflicts_hold_is_changed_or_left_out_then_it_is_found(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00), conflict_opened(1, 1))
    await parties.time(APRIL)
    (march,) = await of(parties.service, 1)
    changed = seal({**march, "closing": {**march["closing"], "contested": []}})
    assert [finding.place for finding in check(changed)] == ["closing.contested"]
    assert await rows(parties.service, "select count(*) from statements_held_back") == [(0,)]


async def test_statement_of_an_earlier_release_when_it_knows_of_no_conflicts_then_it_verifies(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00))
    await parties.time(APRIL)
    (march,) = await of(parties.service, 1)
    for part in (march["opening"], march["closing"], *(entry for line in march["lines"] for entry in line["entries"])):
        del part["contested"]
    assert check(seal(march)) == []
