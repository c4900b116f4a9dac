"""The file of rejects: whether it can be written is known before anything is imported."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hansa.cli.import_crm import app
from hansa.crm.failures import RejectsUnwritable
from hansa.crm.rejects import check, write

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "crm"


def test_check_when_the_file_can_be_written_then_nothing_is_changed(tmp_path: Path) -> None:
    fresh, there = tmp_path / "new" / "rejects.csv", tmp_path / "rejects.csv"
    write(there, [])
    before = there.read_bytes()
    check(fresh)
    check(there)
    assert (fresh.exists(), there.read_bytes()) == (False, before)


@pytest.mark.parametrize("path", ["file/below.csv", "file/below/rejects.csv", "folder"])
def test_check_when_the_file_cannot_be_written_then_it_says_so(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(RejectsUnwritable, match=r"Nothing was imported\."):
        check(tmp_path / path)


def test_import_when_rejects_cannot_be_written_then_it_is_told_before_any_system_is_asked_or_started(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    rejects = tmp_path / "file" / "rejects.csv"
    done = CliRunner().invoke(app, ["crm", str(EXAMPLE), "--rejects", str(rejects), "--data-dir", str(tmp_path / "data")])
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
    assert "Nothing was imported." in " ".join(done.stderr.split())
    assert not (tmp_path / "data").exists()
