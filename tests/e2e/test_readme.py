"""The README is tried: every command in its code blocks is run, in its order, as a newcomer would; so is the deal by hand."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hansa.embedded.record import running

ROOT = Path(__file__).parents[2]
# What is added to a command so that a test may run it: a smaller network, a port that is free, fewer rounds.
SMALLER = {
    "demo": ["--partners", "4", "--deals", "24", "--json"],
    "up": ["--port", "0"],
    "test": ["architecture", "-k", "test_readme_runs_a_test_within_a_test"],
    "bench": ["relay", "--runs", "1"],
}


def shown() -> list[list[str]]:
    """The commands of the README's code blocks, without `bin/hansa`."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [re.sub(r"\s+#.*$", "", line) for block in blocks for line in block.splitlines() if line.strip()]
    assert all(line.startswith("bin/hansa ") for line in lines), lines
    return [shlex.split(line)[1:] for line in lines]


def start(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "hansa.cli", *arguments, *SMALLER.get(arguments[0], [])]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HANSA_DATA": str(folder), "COLUMNS": "120"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(arguments: list[str], folder: Path, *, codes: frozenset[int] = frozenset({0})) -> str:
    process = start(arguments, folder)
    output, errors = process.communicate(timeout=240)
    assert process.returncode in codes, f"{arguments}: {process.returncode}\n{output[-2000:]}\n{errors[-2000:]}"
    return output


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a system that the README's `up` has started; it is ended as Ctrl-C would."""
    folder = tmp_path_factory.mktemp("readme")
    assert ["up"] in shown()
    process = start(["up"], folder)
    deadline = time.monotonic() + 120
    while running(folder) is None:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield folder
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert running(folder) is None


def entries_of(folder: Path, query: str) -> list[dict[str, Any]]:
    """Commission's entries, as its API tells them."""
    there = running(folder)
    assert there is not None
    request = urllib.request.Request(f"{there.address}/commission/v1/entries?{query}", headers={"Authorization": f"Bearer {there.token()}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["items"]
    return found


def test_start_page_when_the_system_is_up_then_it_answers_at_one_address(system: Path) -> None:
    there = running(system)
    assert there is not None
    for path in ("/", "/readyz", *(f"/{name}/docs" for name in ("partners", "registration", "commission", "notifications"))):
        with urllib.request.urlopen(there.address + path, timeout=30) as answer:
            assert answer.status == 200


def test_commands_when_run_one_after_the_other_then_each_does_what_it_says(system: Path) -> None:
    commands = [command for command in shown() if command[0] not in {"demo", "up", "test"}]
    assert commands
    for command in commands:
        measured = command[0] == "bench"  # 1: a target was missed, which says something about the machine, not about the command
        assert run(command, system, codes=frozenset({0, 1}) if measured else frozenset({0})).strip(), command
    assert "15" in run(["explain", entries_of(system, "limit=1")[0]["id"]], system)


def test_deal_by_hand_when_done_as_the_integrations_page_says_then_it_earns_commission(system: Path) -> None:
    there = running(system)
    assert there is not None
    page = (ROOT / "docs" / "integrations.md").read_text().partition("### A deal by hand")[2]
    script = (
        page.partition("```bash\n")[2]
        .partition("```")[0]
        .replace("http://127.0.0.1:8080", there.address)
        .replace("bin/hansa", f"{sys.executable} -m hansa.cli")
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HANSA_DATA": str(system)}
    done = subprocess.run(
        ["bash", "-euc", script + '\necho; echo "$deal_id"'],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert '"state":"won"' in done.stdout
    deadline = time.monotonic() + 60
    while not (entries := entries_of(system, f"deal_id={done.stdout.split()[-1]}")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [entry["amount"]["amount_minor"] for entry in entries] == [150_000]


def test_demo_when_run_then_everything_holds(tmp_path: Path) -> None:
    assert ["demo"] in shown()
    assert json.loads(run(["demo"], tmp_path))


def test_suite_when_asked_for_a_tier_then_it_is_run(tmp_path: Path) -> None:
    assert ["test"] in shown()
    assert "deselected" in run(["test"], tmp_path, codes=frozenset({5}))  # pytest's code for "none matched"
