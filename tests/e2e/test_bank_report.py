"""A bank's status report given to the command line of a running system."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from hansa.cli.main import build
from hansa.embedded.record import Running
from hansa.embedded.system import System
from tests.support.bank_report import Line, pain002


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    started = System(tmp_path_factory.mktemp("system"), port=0, durable=False)
    try:
        yield started.start()
    finally:
        started.stop()


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
