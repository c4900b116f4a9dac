"""Who may import whom, held by import-linter, and that no service slips past it."""

import configparser
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]


def test_imports_when_linted_then_every_contract_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize(("contract", "option"), [("layers", "containers"), ("apart", "modules")])
def test_contract_when_a_service_is_added_then_it_must_be_named_there(contract: str, option: str) -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    named = config[f"importlinter:contract:{contract}"][option].split()
    present = {f"services.{path.parent.name}" for path in (ROOT / "services").glob("*/__init__.py")}
    assert set(named) == present
