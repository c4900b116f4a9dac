"""A bank's status report given to the command line of a running system."""

import json
from pathlib import Path
from uuid import UUID

from typer.testing import CliRunner

from hansa.cli.main import build
from hansa.embedded.record import Running
from tests.support.bank_report import Line, pain002


def test_report_when_given_to_the_command_then_its_lines_are_told_and_a_repeated_file_does_nothing(
    product: Running, tmp_path: Path
) -> None:
    file, command = tmp_path / "report.xml", ["commission", "bank-report"]
    file.write_bytes(pain002(UUID(int=7).hex, Line("f" * 32, "ACSC")))
    first = CliRunner().invoke(build(["commission"]), [*command, str(file), "--data-dir", product.folder, "--json"])
    assert first.exit_code == 1, first.output  # a line fits no payout: somebody should look
    report = json.loads(first.stdout)
    assert (report["repeated"], report["batch_id"], [line["result"] for line in report["lines"]]) == (False, None, ["unknown"])
    again = CliRunner().invoke(build(["commission"]), [*command, str(file), "--data-dir", product.folder])
    assert "nothing was done now" in " ".join(again.output.split())
    file.write_text("no xml")
    broken = CliRunner().invoke(build(["commission"]), [*command, str(file), "--data-dir", product.folder])
    assert (broken.exit_code, "status_report_unreadable" in broken.stderr) == (1, True)
