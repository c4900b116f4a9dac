"""What-if on real history: the same plan changes nothing, another one changes what its schedule says, and nothing is ever written."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import asyncpg
import pytest
from typer.testing import CliRunner

from hansa.cli.main import build
from hansa.what_if_picture import picture
from services.commission.domain.refusals import PlanCurrencyFixed
from services.commission.plan_document import PlanDocument
from services.commission.store.history import snapshot_of
from services.commission.use_cases.what_if import PlanBeginsLater, what_if
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from tests.integration.commission.facts import NOW, closed, partner, refunded, rows, take_in
from tests.integration.commission.plans import TEN, TODAY, rule
from tests.integration.commission.test_replay_streaming import _busy

SEED = [
    {"from": "0", "to": "100000", "rate": "0.15"},
    {"from": "100000", "to": "500000", "rate": "0.20"},
    {"from": "500000", "rate": "0.25"},
]
FLAT = [{"from": "0", "to": None, "rate": "0.10"}]
TABLES = ("streams", "journal", "deals", "entries", "transfers", "positions", "balances", "policies", "outbox")


def _document(brackets: list[dict[str, str | None]], *, starts: str = "2000-01-01", **changed: object) -> PlanDocument:
    return PlanDocument.read({"currency": "USD", "versions": [{"effective_from": starts, "brackets": brackets}], **changed})


def _url(service: Service) -> str:
    return service.platform.settings.worker_url


async def test_what_if_when_the_plan_is_the_same_then_nobody_earns_another_amount(commission: Service, clock: ManualClock) -> None:
    await _busy(commission, clock)

    found = await what_if(_url(commission), _document(SEED), since=date(2000, 1, 1), as_of=commission.platform.clock.now())

    assert found.winners == found.losers == []
    assert found.old == found.new == (await rows(commission, "select sum(amount_minor)::bigint from entries"))[0][0]
    assert found.unrated == ()


async def test_what_if_when_a_bonus_was_given_and_the_partner_is_of_another_type_since_then_by_the_type_that_gave_it(
    commission: Service, clock: ManualClock
) -> None:
    bonus = {"name": "for channel", "period": "quarter", "target": "50", "rate": "0.1"}
    whom = [{"assigned_to": {"types": ["channel"]}, "bonuses": [bonus]}, {"assigned_to": {"types": ["strategic_alliance"]}}]
    for version in whom:
        await rule(commission, **version)
    await take_in(commission, closed(1, 100_00).model_copy(update={"partner_type": "channel"}))
    for days, facts in ((100, ()), (101, (closed(2, 20_00).model_copy(update={"partner_type": "strategic_alliance"}),))):
        clock.set(NOW + timedelta(days=days))
        await take_in(commission, *facts)
        await commission.worker.timers.run_due()
    again = [{"effective_from": TODAY, "base": "deal", "brackets": TEN, **version} for version in whom]

    found = await what_if(_url(commission), PlanDocument.read({"currency": "USD", "versions": again}), since=NOW.date(), as_of=clock.now())

    assert found.old == found.new == (await rows(commission, "select sum(amount_minor)::bigint from entries"))[0][0] == 24_00


async def test_what_if_when_the_rate_differs_then_each_partner_earns_what_the_other_schedule_says(commission: Service) -> None:
    await take_in(commission, closed(1, 200_000_00), closed(2, 10_000_00, shares={2: "1"}), closed(3, 1000_00, shares={3: "0.5", 2: "0.5"}))
    await take_in(commission, refunded(1, 100_000_00))

    found = await what_if(_url(commission), _document(FLAT), since=date(2000, 1, 1), as_of=commission.platform.clock.now())

    new = {change.partner_id: (change.old, change.new, change.revenue) for change in found.changes}
    assert new == {
        partner(1): (17_500_00, 10_000_00, 100_000_00),
        partner(2): (1_575_00, 1_050_00, 10_500_00),
        partner(3): (75_00, 50_00, 500_00),
    }


async def test_what_if_when_from_a_day_then_deals_before_it_stay_and_still_count_for_the_position(commission: Service) -> None:
    await take_in(commission, closed(1, 90_000_00, at=NOW - timedelta(days=1)), closed(2, 20_000_00, at=NOW))
    doubled = [{**bracket, "rate": str(2 * float(bracket["rate"] or 0))} for bracket in SEED]

    found = await what_if(_url(commission), _document(doubled), since=NOW.date(), as_of=commission.platform.clock.now())

    assert [(change.old, change.new) for change in found.changes] == [(3_500_00, 7_000_00)]


async def test_what_if_when_the_plan_has_bonuses_rewards_and_spiffs_then_they_are_part_of_it(
    commission: Service, clock: ManualClock
) -> None:
    await take_in(commission, closed(1, 30_000_00), closed(2, 20_000_00, shares={2: "1"}))
    clock.advance(timedelta(days=400))
    extras = {
        "spiffs": [
            {"name": "core", "from": "2000-01-01", "until": "2100-01-01", "when": {"family": "core"}, "flat": "10", "budget": "1000"}
        ],
        "bonuses": [{"name": "third", "period": "year", "target": "25000", "flat": "500"}],
        "rewards": [{"name": "first", "top": 1, "by": "revenue", "amounts": ["100"]}],
    }
    version = {"effective_from": "2000-01-01", "brackets": FLAT, **extras}
    plan = PlanDocument.read({"currency": "USD", "versions": [version]})

    found = await what_if(_url(commission), plan, since=date(2000, 1, 1), as_of=commission.platform.clock.now())

    assert {change.partner_id: change.new for change in found.changes} == {
        partner(1): 3_000_00 + 10_00 + 500_00 + 100_00,
        partner(2): 2_000_00 + 10_00,
    }


async def test_what_if_when_asked_then_nothing_is_written_and_the_server_would_refuse(commission: Service, clock: ManualClock) -> None:
    await _busy(commission, clock, deals=30)
    tables = " union all ".join(
        f"select '{table}', count(*)::text, md5(string_agg(t::text, '|' order by t::text)) from {table} t" for table in TABLES
    )
    before = sorted(await rows(commission, tables))  # the server may read the tables side by side

    await what_if(_url(commission), _document(FLAT), since=date(2000, 1, 1), as_of=commission.platform.clock.now())

    assert sorted(await rows(commission, tables)) == before
    async with snapshot_of(_url(commission)) as history:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await history.connection.execute("delete from entries")


async def test_what_if_when_the_plan_begins_later_or_is_in_another_currency_then_refused(commission: Service) -> None:
    with pytest.raises(PlanBeginsLater) as later:
        await what_if(_url(commission), _document(FLAT, starts="2026-08-01"), since=date(2026, 7, 1), as_of=commission.platform.clock.now())
    with pytest.raises(PlanCurrencyFixed):
        await what_if(_url(commission), _document(FLAT, currency="EUR"), since=date(2026, 7, 1), as_of=commission.platform.clock.now())
    assert later.value.code == "plan_begins_later"


async def test_command_when_run_then_table_csv_json_and_picture_say_the_same(
    commission: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    await take_in(commission, closed(1, 200_000_00), closed(2, 10_000_00, shares={2: "1"}))
    plan = tmp_path / "new.yaml"
    plan.write_text(
        "currency: USD\nversions:\n  - effective_from: '2000-01-01'\n    mode: whole\n    brackets:\n"
        "      - {from: '0', to: '9000', rate: '0.10'}\n      - {from: '9000', to: null, rate: '0.16'}\n"
    )
    monkeypatch.setenv("HANSA_COMMISSION_WORKER_URL", _url(commission))
    arguments = ["commission", "what-if", "--plan", str(plan), "--from", "2000-01-01", "--csv", str(tmp_path / "a.csv")]
    arguments += ["--svg", str(tmp_path / "a.svg")]

    told = await asyncio.to_thread(CliRunner().invoke, build(["commission"]), arguments)
    as_json = await asyncio.to_thread(CliRunner().invoke, build(["commission"]), [*arguments, "--json"])

    assert (told.exit_code, as_json.exit_code) == (0, 0), told.output
    answer = json.loads(as_json.stdout)
    table = {row["partner"]: row for row in csv.DictReader((tmp_path / "a.csv").open())}
    assert {row["partner"]: row["difference"] for row in answer["partners"]} == {who: row["difference"] for who, row in table.items()}
    assert (answer["old"], answer["new"], answer["difference"]) == ("36500.00", "33600.00", "-2900.00")
    assert [(cliff["kind"], cliff["before"], cliff["after"]) for cliff in answer["cliffs"]] == [("jumps", "900.00", "1440.00")]
    assert "36500.00 becomes 33600.00 USD, -2900.00" in " ".join(told.output.split())
    assert ET.parse(tmp_path / "a.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


async def test_command_when_the_plan_is_faulty_then_it_exits_2_and_names_the_place(
    commission: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "new.yaml"
    plan.write_text(
        "currency: USD\nversions:\n  - effective_from: '2000-01-01'\n    brackets:\n      - {from: '5', to: null, rate: '0.10'}\n"
    )
    monkeypatch.setenv("HANSA_COMMISSION_WORKER_URL", _url(commission))

    told = CliRunner().invoke(build(["commission"]), ["commission", "what-if", "--plan", str(plan), "--from", "2000-01-01"])

    assert told.exit_code == 2
    assert "bracket_start at versions[0].brackets[0].from" in told.stderr


async def test_replay_command_when_a_row_was_tampered_with_then_it_exits_1_and_names_it(
    commission: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    await take_in(commission, closed(1, 100_00))
    monkeypatch.setenv("HANSA_COMMISSION_WORKER_URL", _url(commission))
    command = ["commission", "replay", "--json", "--jobs", "1"]

    fine = await asyncio.to_thread(CliRunner().invoke, build(["commission"]), command)
    await rows(commission, "update entries set amount_minor = 1")
    broken = await asyncio.to_thread(CliRunner().invoke, build(["commission"]), command)
    told = await asyncio.to_thread(CliRunner().invoke, build(["commission"]), ["commission", "replay", "--jobs", "1"])

    assert (fine.exit_code, json.loads(fine.stdout)["same"]) == (0, True)
    assert (broken.exit_code, told.exit_code) == (1, 1)
    (difference,) = json.loads(broken.stdout)["differences"]
    assert (difference["kind"], difference["fields"]) == ("entry", ["amount_minor"])
    assert difference["stored"]["amount_minor"] == 1
    assert "not what its journal gives" in told.stderr


async def test_picture_when_names_hold_markup_then_none_of_it_is_in_the_drawing(commission: Service) -> None:
    await take_in(commission, closed(1, 200_000_00))
    found = await what_if(_url(commission), _document(FLAT), since=date(2000, 1, 1), as_of=commission.platform.clock.now())

    drawing = picture(found)

    assert "<script" not in drawing
    assert "href" not in drawing
    assert "prefers-color-scheme: dark" in drawing
