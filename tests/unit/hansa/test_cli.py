"""The command line: every command explains itself, and mistakes get a sentence."""

import json
import re
from base64 import urlsafe_b64encode
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from hansa.cli import main
from hansa.cli.test import TIERS, halves

_GROUP = ("list", "show", "retry", "discard")
_REPORTING = ("migrate", "topics", "token", "explain")


@pytest.fixture(scope="module")
def runner() -> CliRunner:
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_command_when_asked_for_help_then_it_explains_itself(runner: CliRunner, name: str) -> None:
    done = runner.invoke(main.build([name]), [name, "--help"])
    assert done.exit_code == 0
    assert len(_plain(done.output).split("Usage:")[1].splitlines()[2].strip()) > 20


@pytest.mark.parametrize("name", _GROUP)
def test_dead_letters_when_asked_for_help_then_each_action_explains_itself_and_reports_json(runner: CliRunner, name: str) -> None:
    done = runner.invoke(main.build(["dead-letters"]), ["dead-letters", name, "--help"])
    assert (done.exit_code, "--json" in _plain(done.output)) == (0, True)


@pytest.mark.parametrize("name", _REPORTING)
def test_command_when_it_reports_then_it_can_do_so_in_json(runner: CliRunner, name: str) -> None:
    assert "--json" in _plain(runner.invoke(main.build([name]), [name, "--help"]).output)


def test_hansa_when_asked_for_help_then_every_command_is_listed(runner: CliRunner) -> None:
    output = _plain(runner.invoke(main.build(), ["--help"]).output)
    assert [name for name in main.COMMANDS if f" {name} " not in output] == []


def test_token_when_made_then_it_carries_role_and_partner(runner: CliRunner, tmp_path: Path) -> None:
    partner = "01a208ea-fb4b-773b-a468-5a2f2b5bf5e0"
    arguments = ["token", "--role", "partner", "--partner", partner, "--keys", str(tmp_path), "--json"]
    answer = json.loads(runner.invoke(main.build(["token"]), arguments).output)
    claims = jwt.decode(answer["token"], options={"verify_signature": False})
    assert (claims["role"], claims["partner_id"], claims["aud"]) == ("partner", partner, "hansa")


@pytest.mark.parametrize(
    "arguments",
    [
        ["token", "--role", "partner"],
        ["token", "--role", "operator", "--partner", "01a208ea-fb4b-773b-a468-5a2f2b5bf5e0"],
        ["run", "nobody", "api"],
        ["migrate", "nobody"],
        ["test", "nothing"],
        ["test", "unit", "--runs", "3"],
        ["explain", "not-an-id"],
        ["up", "--data-dir", __file__],
        ["dead-letters", "list", "--service", "nobody"],
        ["dead-letters", "show", "commission/²"],
        ["dead-letters", "show", "commission/9999999999999999999"],
    ],
)
def test_command_when_the_arguments_do_not_fit_then_it_says_why_and_exits_2(
    runner: CliRunner, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANSA_COMMISSION_API_URL", "postgresql://nobody@localhost/nowhere")  # never connected to
    done = runner.invoke(main.build([arguments[0]]), arguments)
    assert done.exit_code == 2
    assert "Error" in _plain(done.output)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["token", "--role", "operator", "--data-dir", f"{__file__}/below"], "test_cli.py/below/keys: Not a directory."),
        (["dead-letters", "list"], "invalid DSN"),
    ],
)
def test_command_when_what_it_stands_on_is_broken_then_it_says_so_without_a_trace(
    arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HANSA_COMMISSION_API_URL", "nonsense")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr("sys.argv", ["hansa", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert sentence in capsys.readouterr().err


_URL = "postgresql+asyncpg://tiering:hidden@127.0.0.1:5432/hansa_tiering"


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense-hidden",
        _URL.replace("+asyncpg", ""),
        _URL.replace("postgresql+asyncpg", "mysql"),
        _URL.replace("/hansa_tiering", ""),
        _URL.replace("127.0.0.1:5432", ""),
        _URL.replace("5432", "hidden"),
    ],
)
def test_run_when_the_database_address_can_never_work_then_it_says_so_in_one_sentence(
    role: str, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _refused_to_run("tiering", role, {f"HANSA_TIERING_{role.upper()}_URL": address}, monkeypatch, capsys)
    assert f"HANSA_TIERING_{role.upper()}_URL: " in said
    assert "hidden" not in said


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize("keys", ["hidden", f"{urlsafe_b64encode(bytes(32)).decode()},hidden", urlsafe_b64encode(bytes(31)).decode()])
def test_run_when_a_sealing_key_is_malformed_then_it_says_so_and_does_not_run(
    role: str, keys: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {f"HANSA_NOTIFICATIONS_{role.upper()}_URL": _URL, "HANSA_NOTIFICATIONS_SECRET_KEYS": keys}
    said = _refused_to_run("notifications", role, given, monkeypatch, capsys)
    assert "HANSA_NOTIFICATIONS_SECRET_KEYS: a key is not 32 bytes in URL-safe base64." in said
    assert "hidden" not in said


@pytest.mark.parametrize(("content", "why"), [("hidden\n", "a key is not 32 bytes"), ("\n", "holds no key")])
def test_run_when_the_file_of_keys_is_malformed_then_it_says_so_and_does_not_run(
    content: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").write_text(content)
    given = {"HANSA_NOTIFICATIONS_WORKER_URL": _URL, "HANSA_NOTIFICATIONS_SECRET_KEYS_FILE": str(tmp_path / "keys")}
    said = _refused_to_run("notifications", "worker", given, monkeypatch, capsys)
    assert "HANSA_NOTIFICATIONS_SECRET_KEYS_FILE: " in said
    assert why in said


def test_run_when_a_key_of_receipts_is_malformed_then_it_says_so_and_does_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = _URL.replace("tiering", "registration")
    given = {"HANSA_REGISTRATION_API_URL": url, "HANSA_REGISTRATION_RECEIPT_KEYS": "hidden"}
    said = _refused_to_run("registration", "api", given, monkeypatch, capsys)
    assert "HANSA_REGISTRATION_RECEIPT_KEYS: a key is not 32 bytes in URL-safe base64." in said
    assert "hidden" not in said


def _refused_to_run(
    service: str, role: str, given: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What `hansa run` says before it exits with 1: one sentence, and nothing of a trace."""
    for name, value in (given | {"COLUMNS": "300"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["hansa", "run", service, role])
    with pytest.raises(SystemExit) as ended:
        main.main()
    said = capsys.readouterr().err
    assert (ended.value.code, "Traceback" in said, len(said.strip().splitlines())) == (1, False, 1)
    return said


def _collected(half: list[str]) -> set[Path]:
    root = Path(__file__).parents[3]
    ignored = [root / each.removeprefix("--ignore=") for each in half if each.startswith("-")]
    found = {path for each in half if not each.startswith("-") for path in (root / each).rglob("test_*.py")}
    return {path for path in found if not any(path.is_relative_to(each) for each in ignored)}


def test_test_when_every_tier_runs_then_the_halves_are_all_of_it_and_share_nothing() -> None:
    first, second = map(_collected, halves(TIERS))
    assert not first & second
    assert first | second == set((Path(__file__).parents[3] / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("tiers", [["unit"], ["unit", "chaos"]])
def test_test_when_the_longest_tier_is_not_chosen_then_one_process_runs_the_others(tiers: list[str]) -> None:
    assert halves(tiers) == [[f"tests/{tier}" for tier in tiers]]
