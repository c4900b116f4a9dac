"""A file of invoices and payments brought in by the command line, for deals that came from a CRM."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hansa.cli.import_crm import app
from hansa.embedded.record import Running

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
def system(product: Running) -> Running:
    """All services, with the sample's history."""
    _run(product, "crm", SAMPLE, "--mapping", str(SAMPLE / "mapping.yaml"))
    return product


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
