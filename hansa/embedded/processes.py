"""Server processes that outlive mistakes: recorded on disk, recognised again, stopped for certain."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_SAME_START_S = 0.05


class ServerFailed(RuntimeError):
    """A server did not start; the message ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A process for certain: a pid alone may be another program by now, pid and start time may not."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The running process, or None when it has ended (a zombie has)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.started) < _SAME_START_S
            if same and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None


class ServerProcess:
    """One child process with a log, whose identity is kept in a file, so that a later run can find an orphan."""

    def __init__(self, record: Path, *, log: Path) -> None:
        self._record = record
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    def identity(self) -> Identity | None:
        """Who the file says runs, whether or not it still does."""
        try:
            fields = json.loads(self._record.read_text())
            return Identity(int(fields["pid"]), float(fields["started"]))
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def running(self) -> psutil.Process | None:
        identity = self.identity()
        return identity.process() if identity else None

    def spawn(self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> psutil.Process:
        """Start `command` in a session of its own (a Ctrl-C at the terminal is its parent's to pass on) and record it."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env, cwd=cwd
            )
        identity = Identity.of(self._child.pid)
        fresh = self._record.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(identity)))
        fresh.replace(self._record)
        return psutil.Process(identity.pid)

    def send(self, number: signal.Signals) -> None:
        if process := self.running():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def ask_to_stop(self) -> None:
        """SIGTERM without waiting."""
        self.send(signal.SIGTERM)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within_s: float = 20.0) -> None:
        """Signal it, wait, and kill it when it does not end in time. Without a process this does nothing."""
        process = self.running()
        if process is not None:
            children = _children(process)
            self.send(number)
            if not self._ended(process, within_s):
                self.send(signal.SIGKILL)
                self._ended(process, within_s)
            _wait_all(children, within_s)
        self._reap()
        self._record.unlink(missing_ok=True)

    def _ended(self, process: psutil.Process, within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self._reap()
            if self.running() is None:
                return True
            time.sleep(0.02)
        return not process.is_running()

    def _reap(self) -> None:
        if self._child is not None and self._child.poll() is not None:
            self._child = None

    def fail_with_log(self, what: str) -> ServerFailed:
        """The error to raise when it did not come up: what, and the end of its log."""
        tail = self.log.read_text(errors="replace").splitlines()[-15:] if self.log.exists() else []
        return ServerFailed("\n".join([f"{what}. The end of {self.log}:", *tail]))


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _wait_all(processes: list[psutil.Process], within_s: float) -> None:
    """Children of a killed server end by themselves when they notice; nothing may start on its files before."""
    _, left = psutil.wait_procs(processes, timeout=within_s)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def kept_ports(file: Path, names: Sequence[str]) -> dict[str, int]:
    """Free loopback ports by name, chosen once and then kept in `file`: clients come back to the address they know."""
    try:
        kept: dict[str, int] = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        kept = {}
    missing = [name for name in names if name not in kept]
    if missing:
        kept |= dict(zip(missing, free_ports(len(missing)), strict=True))
        file.write_text(json.dumps(kept))
    return {name: kept[name] for name in names}


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, below the range that outgoing connections take theirs from."""
    found: list[int] = []
    start = 20_000 + (os.getpid() * 37 + time.monotonic_ns() // 1000) % 10_000
    for port in [*range(start, 32_000), *range(20_000, start)]:
        if port_is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise ServerFailed("There is no free port between 20000 and 32000 on 127.0.0.1.")


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
