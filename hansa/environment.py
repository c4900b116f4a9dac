"""Makes .venv from requirements.lock: every package by its hash, safe against two at once and against being cut short.

Run by bin/hansa with the machine's own Python, so it imports nothing but the standard library.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path


class CannotInstall(Exception):
    """One clear sentence about what stands in the way."""


def make(root: Path) -> None:
    """Bring `root`/.venv up to date with `root`/requirements.lock. Whoever comes second waits and finds it done."""
    lock = root / "requirements.lock"
    with (root / ".venv.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        link = root / ".venv"
        if (link / lock.name).exists() and (link / lock.name).read_bytes() == lock.read_bytes():
            return
        if link.exists() and not link.is_symlink():
            raise CannotInstall(f"{link} was not made by bin/hansa: move it away and try again.")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        home = root / f".venv-{hashlib.sha256(lock.read_bytes() + version.encode()).hexdigest()[:12]}"
        _install(home, lock)
        shutil.copyfile(lock, home / lock.name)  # last: it says that the rest is complete
        _point(link, home)
        for old in root.glob(".venv-*"):
            if old != home:
                shutil.rmtree(old, ignore_errors=True)


def _install(home: Path, lock: Path) -> None:
    packages = sum(1 for line in lock.read_text().splitlines() if "==" in line)
    print(f"hansa: installing {packages} locked packages into .venv, this once …", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", str(home)], check=False).returncode:
        raise CannotInstall(f"{sys.executable} cannot make virtual environments: install its venv package (Debian: python3-venv).")
    # --no-deps: the lock is complete; what it does not name is not installed
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(lock)], check=False).returncode:
        raise CannotInstall("The locked packages could not be installed; what pip said stands above.")


def _point(link: Path, home: Path) -> None:
    fresh = link.with_name(".venv.fresh")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(home.name)
    fresh.replace(link)


if __name__ == "__main__":
    try:
        make(Path(sys.argv[1]))
    except CannotInstall as error:
        sys.exit(f"hansa: {error}")
