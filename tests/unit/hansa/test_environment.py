"""The installer behind bin/hansa: by the lock alone, once, safe against two at once and against being cut short."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from hansa import environment

ROOT = Path(__file__).parents[3]


class Installer:
    """Stands in for pip: makes the folder and counts."""

    def __init__(self) -> None:
        self.homes: list[Path] = []

    def __call__(self, home: Path, lock: Path) -> None:
        self.homes.append(home)
        home.mkdir(exist_ok=True)
        (home / "installed").write_text(lock.read_text())


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    fake = Installer()
    monkeypatch.setattr(environment, "_install", fake)
    return fake


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements.lock").write_text("a==1 --hash=sha256:00\n")
    return tmp_path


def test_venv_when_made_twice_then_it_is_installed_once(root: Path, installer: Installer) -> None:
    environment.make(root)
    environment.make(root)
    assert len(installer.homes) == 1
    assert (root / ".venv" / "installed").read_text() == (root / "requirements.lock").read_text()


def test_venv_when_the_lock_changes_then_it_is_made_anew_and_the_old_one_goes(root: Path, installer: Installer) -> None:
    environment.make(root)
    (root / "requirements.lock").write_text("a==2 --hash=sha256:11\n")
    environment.make(root)
    first, second = installer.homes
    assert not first.exists()
    assert (root / ".venv").resolve() == second.resolve()


def test_venv_when_the_install_was_cut_short_then_it_is_made_again(
    root: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(home: Path, lock: Path) -> None:
        installer(home, lock)
        raise environment.CannotInstall("the network went away")

    monkeypatch.setattr(environment, "_install", fails)
    with pytest.raises(environment.CannotInstall):
        environment.make(root)
    assert not (root / ".venv").exists()
    monkeypatch.setattr(environment, "_install", installer)
    environment.make(root)
    assert (root / ".venv" / "requirements.lock").exists()


def test_venv_when_two_make_it_at_once_then_one_installs_and_the_other_waits(root: Path, installer: Installer) -> None:
    threads = [threading.Thread(target=environment.make, args=(root,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(installer.homes) == 1


def test_venv_when_somebody_elses_stands_there_then_it_is_left_alone(root: Path, installer: Installer) -> None:
    (root / ".venv").mkdir()
    with pytest.raises(environment.CannotInstall, match="move it away"):
        environment.make(root)
    assert installer.homes == []


def test_command_when_every_python_is_too_old_then_one_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "hansa").write_text((ROOT / "bin" / "hansa").read_text())
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "readlink", "cmp"):
        found = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
        (tools / name).symlink_to(found)
    for name in ("python3", "python"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")  # what an old Python answers to the question for its version
        (tools / name).chmod(0o755)
    environment_ = {"PATH": str(tools), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run([tools / "bash", tmp_path / "bin" / "hansa", "up"], env=environment_, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in done.stderr
