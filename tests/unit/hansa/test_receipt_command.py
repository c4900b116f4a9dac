"""`hansa receipt`: what it says of files and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hansa.cli.main import build
from services.registration.domain.receipts.keys import SigningKeys
from tests.support.receipts import OTHER_KEY, Chain, submission

RUN = CliRunner()
APP = build(["receipt"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A chain of five: receipt 2, the links in two pages, the head, the keys."""
    made = Chain.of(*map(submission, range(5)))
    first = made.page()
    first["links"] = first["links"][:3]
    documents = {"receipt": made.receipts[1], "first": first, "rest": made.page(4), "head": made.head(), "keys": made.keys.public.jwks()}
    documents["others"] = SigningKeys([OTHER_KEY]).public.jwks()
    documents["foreign"] = Chain.of(*map(submission, range(9, 14))).head()
    for name, document in documents.items():
        _write(tmp_path / name, document)
    return tmp_path


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document))


def _run(folder: Path, *arguments: str) -> tuple[int, str]:
    given = [str(folder / each) if (folder / each).exists() else each for each in arguments]
    result = RUN.invoke(APP, ["receipt", *given])
    return result.exit_code, " ".join(result.output.split())


def _codes(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    code, told = _run(folder, *arguments, "--json")
    return code, [finding["code"] for finding in json.loads(told)["findings"]]


def test_verify_when_it_is_right_then_says_what_was_received_and_ends_well(folder: Path) -> None:
    code, told = _run(folder, "verify", "receipt", "--keys", "keys")
    assert (code, "Receipt 2 is right: Customer 1 for partner 00000000-0000-0000-0000-000000000001" in told) == (0, True)
    assert _codes(folder, "verify", "receipt", "--keys", "keys") == (0, [])


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("received_at", "2026-03-02T08:00:00.000000Z", "content_changed"),
        ("salt", "none", "salt_malformed"),
        ("sequence", 1, "link_changed"),
        ("signature", "AA", "signature_wrong"),
        ("key_id", "x", "key_unknown"),
        ("format", "receipt", "format_unknown"),
    ],
)
def test_verify_when_a_field_was_changed_then_its_code_and_one(folder: Path, name: str, value: Any, code: str) -> None:
    document = json.loads((folder / "receipt").read_text())
    _write(folder / "receipt", document | {name: value})
    assert _codes(folder, "verify", "receipt", "--keys", "keys") == (1, [code])
    assert code in _run(folder, "verify", "receipt", "--keys", "keys")[1]


def test_verify_when_the_keys_are_others_then_said(folder: Path) -> None:
    assert _codes(folder, "verify", "receipt", "--keys", "others") == (1, ["key_unknown"])


def test_verify_when_the_file_or_the_keys_are_none_then_a_sentence(folder: Path) -> None:
    (folder / "text").write_text("no")
    code, told = _run(folder, "verify", "text", "--keys", "keys")
    assert (code, "cannot be read as JSON" in told) == (1, True)
    result = RUN.invoke(APP, ["receipt", "verify", str(folder / "receipt"), "--keys", str(folder / "text")])
    assert isinstance(result.exception, RuntimeError)
    assert "holds no published keys" in str(result.exception)


def test_verify_when_no_keys_are_named_and_nothing_runs_here_then_asks_for_them(folder: Path) -> None:
    code, told = _run(folder, "verify", "receipt", "--data-dir", str(folder / "empty"))
    assert (code, "--keys" in told) == (2, True)


def test_chain_when_it_goes_through_all_that_was_kept_then_right(folder: Path) -> None:
    kept = ("--head", "head", "--receipt", "receipt", "--keys", "keys")
    code, told = _run(folder, "verify-chain", "first", "rest", *kept)
    assert (code, "5 links follow from one another, from 1 to 5." in told) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("first", "--head", "head"), ["not_in_the_chain"]),
        (("first", "rest", "--head", "foreign"), ["not_in_the_chain"]),
        (("rest", "first"), ["link_missing"]),
        (("head",), ["format_unknown"]),
        (("first", "--receipt", "head"), ["format_unknown"]),
    ],
)
def test_chain_when_something_does_not_fit_then_named(folder: Path, arguments: tuple[str, ...], codes: list[str]) -> None:
    assert _codes(folder, "verify-chain", *arguments, "--keys", "keys") == (1, codes)
