"""`hansa statement verify`: what it says and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hansa.cli.main import build
from services.commission.statement_document import canonical
from services.commission.statement_pdf import render
from tests.support.commission_statements import Books
from tests.support.commission_world import closed, refunded, terms, who

RUN = CliRunner()
APP = build(["statement"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The first two statements of a partner, and the second one printed."""
    books = Books()
    books.post(closed(1, terms(90_000_00)))
    _write(tmp_path / "1.json", books.state(who(1)))
    books.post(refunded(1, 1_00, event="r"))
    second = books.state(who(1))
    _write(tmp_path / "2.json", second)
    (tmp_path / "2.pdf").write_bytes(render(second or {}))
    return tmp_path


def _write(path: Path, document: Any) -> None:
    path.write_bytes(canonical(document))


def _run(*arguments: str | Path) -> tuple[int, str]:
    result = RUN.invoke(APP, ["statement", "verify", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


def test_verify_when_all_is_right_then_says_so_and_ends_well(folder: Path) -> None:
    digest = json.loads((folder / "2.json").read_text())["hash"]
    options = ("--former", folder / "1.json", "--pdf", folder / "2.pdf", "--hash", digest)
    code, told = _run(folder / "2.json", *options)
    assert code == 0
    assert "1 facts and 1 entries computed again, every figure the same" in told


def test_verify_when_a_figure_was_changed_then_says_where_and_ends_with_one(folder: Path) -> None:
    document = json.loads((folder / "2.json").read_text())
    document["lines"][0]["entries"][0]["amount"] += 1
    _write(folder / "2.json", document)
    code, told = _run(folder / "2.json", "--json")
    findings = json.loads(told)["findings"]
    assert code == 1
    assert "lines[0].entries[0].amount" in {finding["place"] for finding in findings}
    assert {finding["code"] for finding in findings} == {"hash_differs", "figure_differs", "steps_differ"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--pdf", "1.json"), "pdf_differs"),
        (("--former", "2.json"), "not_the_former"),
        (("--hash", "f" * 64), "not_the_announced"),
        (("--former", "2.json", "--pdf", "2.pdf"), "pdf_not_compared"),
    ],
)
def test_verify_when_what_stands_beside_it_differs_then_said(folder: Path, options: tuple[str, ...], code: str) -> None:
    given = [folder / each if (folder / each).exists() else each for each in options]
    ended, told = _run(folder / "2.json", "--json", *given)
    assert (ended, code in {finding["code"] for finding in json.loads(told)["findings"]}) == (1, True)


def test_verify_when_the_file_is_no_statement_then_a_sentence(folder: Path) -> None:
    code, told = _run(folder / "2.pdf")
    assert (code, "cannot be read as JSON" in told) == (1, True)
