"""Files given to the command line of a running system: invoices and payments for deals that came from a CRM, and a bank's report."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from hansa.cli.import_crm import app
from hansa.cli.main import build
from hansa.embedded.record import Running
from hansa.embedded.system import System
from tests.support.bank_report import Line, pain002

SAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "crm"
ROWS = (
    "reference,kind,external_id,amount,currency,date",
    "INV-1,invoice,OP-1002,3870.00,USD,2025-04-10",
    "BANK-1,payment,OP-1002,1870.00,USD,2025-05-02",
    "BANK-2,payment,OP-1002,2000.00,USD,2025-06-02",
    "BANK-3,payment,OP-9999,10.00,USD,2025-06-02",
    "BANK-1,payment,OP-1002,1.00,USD,2025-05-02",
    "BANK-4,payment,OP-1002,10.001,USD,2025-06-02",
    "BANK-5,payment,OP-1002,ten,USD,2025-06-02",
    "BANK-6,payment,OP-1001,10.00,USD,2025-06-02",
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All services, with the sample's history."""
    started = System(tmp_path_factory.mktemp("system"), port=0, durable=False)
    try:
        running = started.start()
        _run(running, "crm", SAMPLE, "--mapping", str(SAMPLE / "mapping.yaml"))
        yield running
    finally:
        started.stop()


def _run(system: Running, command: str, path: Path, *options: str) -> dict[str, Any]:
    """The command's JSON."""
    result = CliRunner().invoke(app, [command, str(path), "--data-dir", system.folder, "--json", *options])
    assert result.exit_code == 0, result.output
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


def test_payments_when_imported_twice_then_each_counts_once_and_every_reject_has_its_reason(system: Running, tmp_path: Path) -> None:
    file, rejects = tmp_path / "payments.csv", tmp_path / "rejects.csv"
    file.write_text("\n".join(ROWS) + "\n")
    first = _run(system, "payments", file, "--rejects", str(rejects))
    assert (first["read"], first["recorded"], first["unchanged"]) == (8, 5, 0)
    assert first["states"] == {"booked": 3, "waiting": 1, "refused": 1}
    with rejects.open(newline="") as stream:
        told = [(int(row["line"]), row["id"], row["reason"]) for row in csv.DictReader(stream)]
    assert told == [
        (6, "BANK-1", "reference_taken"),
        (7, "BANK-4", "amount_precision"),
        (8, "BANK-5", "broken_number"),
        (9, "BANK-6", "deal_not_won"),
    ]
    again = _run(system, "payments", file, "--rejects", str(rejects))
    assert (again["recorded"], again["unchanged"], again["states"]) == (0, 5, first["states"])


def test_payments_when_the_file_names_no_deals_then_told_in_a_sentence(system: Running, tmp_path: Path) -> None:
    file = tmp_path / "payments.csv"
    file.write_text("reference,amount,date\nP-1,5,2025-01-01\n")
    result = CliRunner().invoke(app, ["payments", str(file), "--data-dir", system.folder])
    assert result.exit_code == 1
    assert "names no deals" in result.output


def test_report_when_given_to_the_command_then_its_lines_are_told_and_a_repeated_file_does_nothing(system: Running, tmp_path: Path) -> None:
    file, command = tmp_path / "report.xml", ["commission", "bank-report"]
    file.write_bytes(pain002(UUID(int=7).hex, Line("f" * 32, "ACSC")))
    first = CliRunner().invoke(build(["commission"]), [*command, str(file), "--data-dir", system.folder, "--json"])
    assert first.exit_code == 1, first.output  # a line fits no payout: somebody should look
    report = json.loads(first.stdout)
    assert (report["repeated"], report["batch_id"], [line["result"] for line in report["lines"]]) == (False, None, ["unknown"])
    again = CliRunner().invoke(build(["commission"]), [*command, str(file), "--data-dir", system.folder])
    assert "nothing was done now" in " ".join(again.output.split())
    file.write_text("no xml")
    broken = CliRunner().invoke(build(["commission"]), [*command, str(file), "--data-dir", system.folder])
    assert (broken.exit_code, "status_report_unreadable" in broken.stderr) == (1, True)
