"""A CRM's history brought in by the command line: figures checked against the files by arithmetic of the test's own."""

import asyncio
import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import asyncpg
import pytest
from typer.testing import CliRunner

from hansa.cli.import_crm import app
from hansa.embedded.record import Running
from hansa.embedded.system import System

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "examples" / "crm"
HISTORY = ROOT.parent / "shared" / "data" / "crm-sales-opportunities"
BRACKETS = ((Decimal(0), Decimal("0.15")), (Decimal(100_000), Decimal("0.20")), (Decimal(500_000), Decimal("0.25")))
CENT = Decimal("0.01")


@contextmanager
def whole_product(folder: Path) -> Iterator[Running]:
    """All services on a folder of their own, for as long as the block lasts."""
    started = System(folder, port=0, durable=False)
    try:
        yield started.start()
    finally:
        started.stop()


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for the tests whose accounts do not meet."""
    with whole_product(tmp_path_factory.mktemp("system")) as running:
        yield running


@pytest.fixture
def empty_system(tmp_path: Path) -> Iterator[Running]:
    """One that has seen no import."""
    with whole_product(tmp_path / "system") as running:
        yield running


def run_import(system: Running, folder: Path, *options: str, expect: int = 0) -> dict[str, Any]:
    """The command's JSON."""
    result = CliRunner().invoke(app, ["crm", str(folder), "--data-dir", system.folder, "--json", *options])
    assert result.exit_code == expect, result.output
    figures: dict[str, Any] = json.loads(result.stdout) if expect == 0 else {}
    return figures


def commission(revenue: Decimal) -> Decimal:
    """The graduated schedule, bracket by bracket."""
    total = Decimal(0)
    for (start, rate), (end, _) in zip(BRACKETS, (*BRACKETS[1:], (Decimal("Infinity"), None)), strict=True):
        if revenue > start:
            total += (min(revenue, end) - start) * rate
    return total.quantize(CENT)


def expected(folder: Path) -> dict[str, dict[str, str | int]]:
    """Each partner's wins, revenue and commission, worked out from the file alone: a programme year is a calendar year."""
    wins: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    products = {row["product"].replace(" ", "").lower() for row in csv.DictReader((folder / "products.csv").open())}
    names = {row["sales_agent"].replace(" ", "").lower(): row["sales_agent"] for row in csv.DictReader((folder / "sales_teams.csv").open())}
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", errors="replace") as stream:
        for row in csv.DictReader(stream):
            agent = names[row["sales_agent"].replace(" ", "").lower()]
            wins[agent] += []
            if row["deal_stage"] == "Won" and row["product"].replace(" ", "").lower() in products and _whole(row):
                wins[agent].append((row["close_date"][:4], Decimal(row["close_value"])))
    return {name: _line(won) for name, won in wins.items()}


def _whole(row: dict[str, Any]) -> bool:
    clean = all(row[name] and "\ufffd" not in row[name] for name in ("account", "engage_date", "close_date"))
    return clean and row.get(None) is None and row["close_value"].replace(".", "", 1).isdigit() and row["engage_date"][5:7] <= "12"


def _line(won: list[tuple[str, Decimal]]) -> dict[str, str | int]:
    years: defaultdict[str, Decimal] = defaultdict(Decimal)
    for year, value in won:
        years[year] += value
    revenue, earned = sum(years.values(), Decimal(0)), sum(map(commission, years.values()), Decimal(0))
    return {"deals_won": len(won), "revenue": str(revenue.quantize(CENT)), "commission": str(earned.quantize(CENT))}


def check(figures: dict[str, Any], folder: Path) -> None:
    """The figures agree with the file, line by line and in total."""
    assert list(figures) == ["read", "registered", "won", "lost", "open", "skipped", "conflicts", "partners", "total_commission"]
    wanted = expected(folder)
    assert {line["name"]: {key: line[key] for key in ("deals_won", "revenue", "commission")} for line in figures["partners"]} == wanted
    assert figures["total_commission"] == str(
        sum((Decimal(str(line["commission"])) for line in wanted.values()), Decimal(0)).quantize(CENT)
    )
    assert figures["registered"] == figures["won"] + figures["lost"] + figures["open"]
    assert figures["read"] == figures["registered"] + sum(each["count"] for each in figures["skipped"])


async def facts(system: Running) -> list[tuple[str, int]]:
    """How many facts of each kind registration has published, but for those that time alone brings."""
    connection = await asyncpg.connect(system.dsn("registration"))
    try:
        rows = await connection.fetch("select type, count(*) from outbox where type not like '%expired%' group by 1 order by 1")
        return [tuple(row) for row in rows]
    finally:
        await connection.close()


async def standing(system: Running) -> tuple[int, list[tuple[str, int]], str]:
    """The number of deals, the facts published of them, and the hash of all ledgers once every hold that is over was released."""
    registration = await asyncpg.connect(system.dsn("registration"))
    commission = await asyncpg.connect(system.dsn("commission"))
    try:
        async with asyncio.timeout(120):
            while await commission.fetchval("select exists (select from entries where due_at <= now())"):  # noqa: ASYNC110 - a timer's work
                await asyncio.sleep(0.1)
        deals: int = await registration.fetchval("select count(*) from deals")
    finally:
        await registration.close()
        await commission.close()
    return deals, await facts(system), await asyncio.to_thread(ledger_hash, system)


def ledger_hash(system: Running) -> str:
    """As the audit tells it; the books are sound."""
    request = Request(f"{system.address}/commission/v1/audit", headers={"authorization": f"Bearer {system.token()}"})
    with urlopen(request, timeout=60) as answer:
        books: dict[str, Any] = json.load(answer)
    assert books["ledger_hash"] == books["replay_hash"]
    return str(books["ledger_hash"])


async def test_sample_when_imported_twice_then_figures_agree_and_nothing_changes(system: Running, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    first = await asyncio.to_thread(run_import, system, SAMPLE, "--source", "sample", "--rejects", str(rejects))
    check(first, SAMPLE)
    before = await facts(system)
    second = await asyncio.to_thread(run_import, system, SAMPLE, "--source", "sample", "--rejects", str(rejects))
    assert second == first
    assert await facts(system) == before
    assert first["conflicts"] > 0
    assert len(rejects.read_bytes().splitlines()) == 1 + sum(each["count"] for each in first["skipped"]) == 8


def test_enforced_history_when_registrations_overlap_then_the_first_keeps_the_credit(system: Running, tmp_path: Path) -> None:
    for name in ("products.csv", "accounts.csv"):
        (tmp_path / name).write_bytes((SAMPLE / name).read_bytes())
    (tmp_path / "sales_teams.csv").write_text("sales_agent,manager,regional_office\nEda Yilmaz,N,N\nFinn Oduya,N,N\n")
    (tmp_path / "sales_pipeline.csv").write_text(
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "E2,Finn Oduya,Kiln 40,Gale Works,Won,2024-03-05,2024-05-01,900\n"
        "E1,Eda Yilmaz,Kiln 90,Gale Works,Won,2024-03-01,2024-05-02,1000\n"
        "E3,Finn Oduya,Kiln 40,Gale Works,Won,2024-03-31,2024-05-03,500\n"
    )
    rejects = tmp_path / "rejects.csv"
    figures = run_import(system, tmp_path, "--source", "enforced", "--exclusivity", "enforce", "--rejects", str(rejects))
    assert figures["skipped"] == [{"reason": "account_taken", "count": 1}]
    assert figures["conflicts"] == 1
    assert [(line["name"], line["revenue"], line["commission"]) for line in figures["partners"]] == [
        ("Eda Yilmaz", "1000.00", "150.00"),
        ("Finn Oduya", "500.00", "75.00"),
    ]
    assert rejects.read_text().splitlines()[1].startswith("2,E2,account_taken,")


with_history = pytest.mark.skipif(
    not HISTORY.is_dir(), reason="the public CRM history is not on this machine; the sample above is always tested"
)


@with_history
def test_public_history_when_imported_then_every_partner_earns_what_the_schedule_says(system: Running) -> None:
    figures = run_import(system, HISTORY, "--source", "history")
    check(figures, HISTORY)
    assert len(figures["partners"]) == 30
    assert {each["reason"] for each in figures["skipped"]} == {"no_engage_date", "missing_account"}


@with_history
async def test_public_history_when_enforced_twice_then_the_second_run_changes_nothing(empty_system: Running) -> None:
    enforced = ("--exclusivity", "enforce")
    first = await asyncio.to_thread(run_import, empty_system, HISTORY, *enforced)
    before = await standing(empty_system)
    second = await asyncio.to_thread(run_import, empty_system, HISTORY, *enforced)
    assert second == first
    assert await standing(empty_system) == before
    assert before[0] == first["registered"] > 0
    assert first["conflicts"] == {each["reason"]: each["count"] for each in first["skipped"]}["account_taken"] > 0


def test_folder_that_is_no_export_is_told_in_a_sentence(system: Running, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["crm", str(tmp_path), "--data-dir", system.folder])
    assert result.exit_code == 1
    assert "products.csv cannot be read" in result.stderr
    assert "Traceback" not in result.output


def test_help_names_every_option() -> None:
    text = CliRunner().invoke(app, ["crm", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).stdout
    for option in ("--mapping", "--exclusivity", "--source", "--currency", "--rejects", "--json", "--data-dir"):
        assert option in text
