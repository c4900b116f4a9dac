"""The processes that host the services: what each is started with, watched over, started again when it dies."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hansa import catalogue
from hansa.embedded.launcher import Runner
from hansa.embedded.processes import ServerProcess

_RECORD = ".process.json"
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SETTLED_S = 30.0
_HOPELESS = 5  # deaths soon after the start, one after the other
_STOP_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One process: its name, the arguments of `python -m hansa.host`, its port."""

    name: str
    role: str
    port: int
    services: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "hansa.host", self.role, str(self.port), *self.services]


def together(port: int, ports: Callable[[list[str]], Mapping[str, int]]) -> list[Plan]:
    """One process for every API (behind the public port) and one for every background half."""
    return [Plan("api", "api", port, catalogue.SERVICES), Plan("worker", "worker", ports(["worker"])["worker"], catalogue.SERVICES)]


def isolated(port: int, ports: Callable[[list[str]], Mapping[str, int]]) -> list[Plan]:
    """A process for each role of each service, and one in front of them."""
    names = [f"{service}-{role}" for service in catalogue.SERVICES for role in ("api", "worker")]
    found = ports(names)
    plans = [Plan(name, name.partition("-")[2], found[name], (name.partition("-")[0],)) for name in names]
    return [*plans, Plan("gateway", "gateway", port)]


_LEASH = signal.SIGTERM if sys.platform == "linux" else None  # not SIGKILL: its consumers leave their groups, and nobody waits for them


class Child:
    """One hosted process. When the thread that started it ends, so does it, in order (within a second where it is not Linux)."""

    def __init__(self, plan: Plan, folder: Path, *, environment: Mapping[str, str]) -> None:
        self.plan = plan
        self._environment = dict(environment)
        self.until_ready: dict[str, str] = {}  # added to its environment as long as the system is starting
        self.process = ServerProcess(folder / f"{plan.name}{_RECORD}", log=folder / f"{plan.name}.log")
        self._failures = 0
        self._started_at = 0.0
        self._again_at: float | None = None

    def start(self) -> None:
        """Start it, ending what an earlier run may have left."""
        self.process.stop()
        env = os.environ | {"PYTHONPATH": str(catalogue.ROOT), "PYTHONUNBUFFERED": "1"} | self._environment | self.until_ready
        self.process.spawn(Runner(leash=_LEASH).command(self.plan.command), env=env)
        self._started_at = time.monotonic()
        self._again_at = None

    def watch(self) -> str | None:
        """Look after it once; returns what there is to say, if it died or was started again."""
        if self.process.running() is not None:
            return None
        now = time.monotonic()
        if self._again_at is None:
            self._failures = 0 if now - self._started_at > _SETTLED_S else self._failures + 1
            wait = _BACKOFF_S[min(self._failures, len(_BACKOFF_S) - 1)]
            self._again_at = now + wait
            return f"{self.plan.name} ended; it is started again in {wait:g} s (see {self.process.log})"
        if now >= self._again_at:
            self.start()
        return None

    @property
    def hopeless(self) -> bool:
        """Whether it died again and again soon after it was started."""
        return self._failures >= _HOPELESS


def stop_all(processes: Iterable[ServerProcess]) -> None:
    """Ask all to stop, then wait for each; what takes too long is killed."""
    processes = list(processes)
    for process in processes:
        process.ask_to_stop()
    for process in processes:
        process.stop(within_s=_STOP_WITHIN_S)


def stop_left_over(folder: Path) -> None:
    """End what an earlier run on `folder` left, whichever processes it had: they hold ports and places in consumer groups."""
    stop_all(
        ServerProcess(record, log=record.with_name(record.name.removesuffix(_RECORD) + ".log")) for record in folder.glob(f"*{_RECORD}")
    )


def last_words(children: list[Child]) -> Iterator[str]:
    """The end of each log, for an error message."""
    for child in children:
        if child.process.log.exists():
            lines = child.process.log.read_text(errors="replace").splitlines()[-4:]
            yield f"— {child.plan.name}: " + "\n    ".join(line[:400] for line in lines)
