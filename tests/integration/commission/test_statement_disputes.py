"""Disputes in statements: every one that ran in the period or was settled in it, as it stood then, also where it holds nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from services.commission.domain.entries import Account
from services.commission.domain.facts import Moved
from services.commission.statement_check import check
from services.commission.statement_disputes import FORMER_FORMAT
from services.commission.statement_document import canonical, seal
from shared.chassis.service import Service
from tests.integration.commission.facts import NOW, closed, partner, refunded, reopened, rows, take_in
from tests.integration.commission.parties import Parties
from tests.integration.commission.stating import APRIL, DAY, JULY, JUNE, MAY, Json, download, of, verify

SECOND = timedelta(seconds=1)
_PARTS = ("opening", "closing")
AUGUST, SEPTEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (8, 9))


async def _stated(parties: Parties, at: datetime) -> Json:
    """The first partner's latest statement at that instant, which goes on where the one before it ended."""
    parties.clock.set(at)
    *former, last = await of(parties.service, 1)
    assert check(last, former=former[-1] if former else None) == []
    return last


async def _paid_out(parties: Parties, *, of_it: int = 15_00) -> UUID:
    """An accrual of 15.00 of March, `of_it` paid out in April."""
    entry_id = await parties.accrued()
    await parties.time(APRIL + DAY)
    await parties.book(1, 0, Moved(Account.PAYABLE, Account.IN_PAYOUT, of_it))
    return entry_id


def _short(statement: Json) -> list[tuple[str, int]]:
    return [(each["state"], each["held"]) for each in statement["disputes"]]


async def test_dispute_when_it_holds_nothing_then_it_stands_there_with_its_dates_and_nothing_held(parties: Parties) -> None:
    entry_id = await _paid_out(parties)
    dispute = await parties.open(entry_id)
    assert dispute["hold"] == "nothing"
    april = await _stated(parties, MAY)
    assert april["disputes"] == [
        {
            "id": dispute["id"],
            "entry_id": str(entry_id),
            "deal_id": dispute["deal_id"],
            "currency": "USD",
            "state": "open",
            "opened_at": (APRIL + DAY).isoformat(),
            "answered_at": None,
            "settled_at": None,
            "adjustment_id": None,
            "held": 0,
        }
    ]
    assert april["closing"]["disputed"] == []


async def test_dispute_when_it_is_adjusted_then_the_statement_of_that_month_names_its_entry(parties: Parties) -> None:
    dispute = await parties.open(await _paid_out(parties))
    parties.clock.set(MAY + DAY)
    resolved = await parties.done(dispute, "resolve", amount="5.00", reason="Five were missing.")
    assert _short(await _stated(parties, MAY + DAY)) == [("open", 0)]
    (found,) = (await _stated(parties, JUNE))["disputes"]
    assert (found["state"], found["adjustment_id"], found["settled_at"]) == (
        "adjusted",
        resolved["adjustment_entry_id"],
        (MAY + DAY).isoformat(),
    )


async def test_dispute_when_answered_and_settled_after_the_period_then_the_statement_says_how_it_stood_at_its_end(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    parties.clock.set(APRIL + DAY)
    await parties.done(dispute, "answer", answer="We look into it.")
    await parties.done(dispute, "decline", reason="It is right.")
    assert _short(await _stated(parties, APRIL + DAY)) == [("open", 15_00)]
    assert _short(await _stated(parties, MAY)) == [("declined", 0)]


async def test_dispute_when_answered_within_the_period_then_it_says_since_when(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    parties.clock.set(NOW + DAY)
    await parties.done(dispute, "answer", answer="We look into it.")
    (found,) = (await _stated(parties, APRIL))["disputes"]
    assert (found["state"], found["answered_at"], found["held"]) == ("answered", (NOW + DAY).isoformat(), 15_00)


async def test_dispute_when_settled_in_a_month_without_a_statement_then_in_the_next_one_and_never_again(parties: Parties) -> None:
    dispute = await parties.open(await _paid_out(parties))
    assert _short(await _stated(parties, MAY)) == [("open", 0)]
    parties.clock.set(MAY + DAY)
    await parties.done(dispute, "withdraw", by=1, reason="I see.")  # nothing was held, so nothing is recorded in May
    parties.clock.set(JULY)
    await take_in(parties.service, closed(2, 1_00, at=JULY))
    assert _short(await _stated(parties, AUGUST)) == [("withdrawn", 0)]
    assert _short(await _stated(parties, SEPTEMBER)) == []


async def test_dispute_when_its_transaction_ends_after_its_period_was_stated_then_in_the_next_one(parties: Parties) -> None:
    entry_id, bonus = await parties.accrued(), await parties.book(1, 70_00)
    settled = await parties.open(entry_id)
    assert _short(await _stated(parties, APRIL)) == [("open", 15_00)]
    parties.clock.set(APRIL - SECOND)  # both transactions began before midnight, and took their time
    await parties.done(settled, "decline", reason="It is right.")
    await parties.open(bonus)
    assert sorted(_short(await _stated(parties, MAY))) == [("declined", 0), ("open", 70_00)]


async def test_dispute_when_the_journal_tells_of_it_after_the_next_period_began_then_in_the_statement_of_that_one(parties: Parties) -> None:
    entry_id = await parties.accrued()
    parties.clock.set(APRIL + SECOND)
    await take_in(parties.service, closed(2, 1_00, at=APRIL))
    parties.clock.set(APRIL - SECOND)
    await parties.open(entry_id)
    assert _short(await _stated(parties, APRIL + DAY)) == []
    assert _short(await _stated(parties, MAY)) == [("open", 15_00)]


async def test_entries_when_disputed_then_marked_and_what_is_held_of_them_is_what_the_account_holds(parties: Parties) -> None:
    disputes = [await parties.open(each) for each in (await parties.accrued(), await parties.book(1, 70_00))]
    await take_in(parties.service, refunded(1, 40_00))
    march = await _stated(parties, APRIL)
    assert sorted(_short(march)) == [("open", 9_00), ("open", 70_00)]
    assert [entry["kind"] for line in march["lines"] for entry in line["entries"] if entry["disputed"]] == ["accrual", "bonus"]
    assert march["closing"]["balances"][0]["held"] == 79_00
    for dispute in disputes:
        await parties.done(dispute, "decline", reason="It is right.")
    april = await _stated(parties, MAY)
    assert (sorted(_short(april)), april["closing"]["disputed"]) == ([("declined", 0), ("declined", 0)], [])


async def test_dispute_when_its_deal_is_undone_then_it_runs_on_and_holds_nothing(parties: Parties) -> None:
    dispute = await parties.open(await parties.accrued())
    await take_in(parties.service, reopened(1))
    march = await _stated(parties, APRIL)
    assert (_short(march), march["closing"]["disputed"]) == ([("open", 0)], [])
    await parties.done(dispute, "withdraw", by=1, reason="I see.")


async def test_kept_amount_when_its_deal_is_undone_then_it_is_still_held_as_the_account_says(parties: Parties) -> None:
    await parties.open(await _paid_out(parties, of_it=9_00))
    await take_in(parties.service, reopened(1))
    april = await _stated(parties, MAY)
    assert (_short(april), april["closing"]["balances"][0]["held"]) == ([("open", 6_00)], 6_00)


async def test_statement_when_things_were_said_then_no_word_and_no_name_of_them_is_in_it(parties: Parties) -> None:
    entry_id = await _paid_out(parties)
    words = "Jane Doe of Rival GmbH got more."
    body = {"entry_id": str(entry_id), "reason": words}
    answer = await parties.client().post("/v1/disputes", json=body)
    tag = {"if-match": answer.headers["etag"]}
    await parties.staff.post(f"/v1/disputes/{answer.json()['id']}/decline", json={"reason": "John Roe says no."}, headers=tag)
    april = await _stated(parties, MAY)
    assert _short(april) == [("declined", 0)]
    ((opened_by, decided_by),) = await rows(parties.service, "select opened_by, decided_by from disputes")
    text = canonical(april).decode()
    assert not [said for said in ("Jane", "Rival", "John", "Roe", decided_by) if said in text]
    assert opened_by == str(partner(1)) or opened_by not in text


async def test_statement_of_another_partner_when_a_share_is_disputed_then_it_tells_nothing_of_it(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00, shares={1: "0.5", 2: "0.5"}))
    ((entry_id,),) = await rows(parties.service, f"select id from entries where partner_id = '{partner(2)}'")
    await parties.open(entry_id, by=2)
    parties.clock.set(APRIL)
    (theirs,) = await of(parties.service, 2)
    (ours,) = await of(parties.service, 1)
    assert (len(theirs["disputes"]), ours["disputes"]) == (1, [])
    assert check(theirs) == check(ours) == []


async def test_statement_with_disputes_when_downloaded_then_its_paper_and_its_figures_verify(parties: Parties, tmp_path: Path) -> None:
    first = await parties.open(await _paid_out(parties))
    await parties.open(await parties.book(2, 70_00))
    await parties.done(first, "resolve", amount="5.00", reason="Five were missing.")
    await _stated(parties, MAY)
    march, april = await download(parties.staff, tmp_path, 1)
    assert sorted(_short(april.read)) == [("adjusted", 0), ("open", 70_00)]
    assert verify(april.document, "--former", march.document, "--pdf", april.pdf, "--hash", april.announced) == (0, [])


async def test_statement_when_the_one_before_is_in_the_former_format_then_it_goes_on_there(parties: Parties) -> None:
    frozen = await parties.accrued()
    kept, settled = await parties.book(1, 70_00), await parties.book(2, 30_00)
    for entry_id in (frozen, kept):
        await parties.open(entry_id)
    await parties.done(await parties.open(settled), "decline", reason="It is right.")
    parties.clock.set(APRIL)
    former = await _issue_in_the_former_format(parties.service)
    assert (check(former), former["closing"]["disputed"]) == ([], sorted(map(str, (frozen, kept))))
    await take_in(parties.service, refunded(1, 40_00))
    april = await _stated(parties, MAY)
    assert sorted(each["held"] for each in april["opening"]["disputed"]) == [15_00, 70_00]
    assert sorted(_short(april)) == [("open", 9_00), ("open", 70_00)]


async def _issue_in_the_former_format(service: Service) -> Json:
    """The statement that is due, as the release before would have issued it."""
    (statement,) = await of(service, 1)
    parts = {part: {**statement[part], "disputed": [each["entry_id"] for each in statement[part]["disputed"]]} for part in _PARTS}
    rest = {name: value for name, value in statement.items() if name not in {"disputes", "hash"}}
    former = seal({**rest, **parts, "format": FORMER_FORMAT})
    connection = await asyncpg.connect(service.platform.settings.migrator_url.replace("+asyncpg", ""))
    try:
        await connection.execute("select set_config('hansa.operator', 'on', false)")
        await connection.execute("alter table statements disable trigger user")
        written = "update statements set document = $1, hash = $2"
        assert await connection.execute(written, canonical(former).decode(), former["hash"]) == "UPDATE 1"
        await connection.execute("alter table statements enable trigger user")
    finally:
        await connection.close()
    return former
