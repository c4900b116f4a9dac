"""The whole product on one machine: servers, databases, topics and service processes, started and stopped as one."""

import asyncio
import contextlib
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from hansa import catalogue, programme
from hansa.embedded import children, record, wiring
from hansa.embedded.children import Child
from hansa.embedded.kafka import Kafka
from hansa.embedded.postgres import Postgres
from hansa.embedded.processes import Identity, free_ports, kept_ports, port_is_free
from hansa.embedded.record import Running

_READY_WITHIN_S = 90.0


class CannotStart(RuntimeError):
    """What stands in the way, in a sentence."""


def default_folder() -> Path:
    """Where the data are unless --data-dir says otherwise: $HANSA_DATA, else .hansa in the repository."""
    return Path(os.environ.get("HANSA_DATA") or catalogue.ROOT / ".hansa").expanduser().resolve()


class System:
    """Everything under `folder`, behind http://127.0.0.1:`port` (0: any free port). Data survive; a second start goes on.

    `isolated` gives each role of each service a process of its own. `environment` reaches the service processes and goes
    before what is worked out here. `durable=False` trades safety against a power cut for speed. `say` is told what happens.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 8080,
        isolated: bool = False,
        durable: bool = True,
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder.resolve()
        self.port = port or free_ports(1)[0]
        self.isolated = isolated
        self.postgres = Postgres(self.folder / "postgres", durable=durable)
        self.kafka = Kafka(self.folder / "kafka")
        self.children: dict[str, Child] = {}
        self._extra = dict(environment or {})
        self._say = say
        self._held = contextlib.ExitStack()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Running:
        """Bring everything up and wait until it is ready.

        Raises AlreadyRunning, ProgrammeInvalid, CannotStart or ServerFailed; nothing is left then.
        """
        self._held.enter_context(record.sole_use(self.folder))
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> Running:
        children.stop_left_over(self.folder / "run")
        if not port_is_free(self.port):
            raise CannotStart(f"Port {self.port} on 127.0.0.1 is taken by another program: name a free one with --port.")
        programme.check()
        (self.folder / "run").mkdir(exist_ok=True)
        with ThreadPoolExecutor(1) as pool:
            kafka = pool.submit(self.kafka.start)
            self.postgres.start()
            self._say("PostgreSQL answers")
            self._start_services()
            kafka.result()
            self._say("Kafka answers")
        self._wait_until_ready()
        for child in self.children.values():
            child.until_ready = {}
        running = self._running()
        running.write()
        return running

    def stop(self) -> None:
        """Stop everything in order: the services first, then what they stand on. It may be called at any time."""
        record.forget(self.folder)
        children.stop_all(child.process for child in self.children.values())
        with ThreadPoolExecutor(2) as pool:
            for stopping in (pool.submit(self.kafka.stop), pool.submit(self.postgres.stop)):
                stopping.result()
        self._held.close()

    def supervise(self, until: threading.Event) -> None:
        """Start again what dies, until told to end. Runs in the thread that started the system."""
        while not until.wait(0.2):
            for child in self.children.values():
                if news := child.watch():
                    self._say(news)
            for name, server in (("PostgreSQL", self.postgres), ("Kafka", self.kafka)):
                if not server.is_running():
                    self._say(f"{name} ended; it is started again")
                    server.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _plans(self) -> list[children.Plan]:
        planned = children.isolated if self.isolated else children.together
        return planned(self.port, lambda names: kept_ports(self.folder / "ports.json", names))

    def _start_services(self) -> None:
        """Start every process; the first worker makes databases and topics, since it has imported all that it takes."""
        settings = wiring.values(self.folder, admin_dsn=self.postgres.admin_dsn, kafka=self.kafka.bootstrap)
        environment = self._environment(settings)
        self.children = {plan.name: Child(plan, self.folder / "run", environment=environment) for plan in self._plans()}
        if self.isolated:
            from hansa.embedded import prepare

            asyncio.run(prepare.everything(self.folder, admin_dsn=self.postgres.admin_dsn, kafka=self.kafka.bootstrap))
        for child in self.children.values():
            if not self.isolated and child.plan.role == "worker":
                child.until_ready = {"HANSA_PREPARE": str(self.folder), "HANSA_PREPARE_DSN": self.postgres.admin_dsn}
            child.start()

    def _environment(self, settings: wiring.Values) -> dict[str, str]:
        gateway = {"HANSA_GATEWAY_KAFKA": self.kafka.bootstrap, "HANSA_GATEWAY_WORKERS": json.dumps(self._addresses("worker"))}
        if self.isolated:
            gateway["HANSA_GATEWAY_APIS"] = json.dumps(self._addresses("api"))
        return wiring.environment(settings) | gateway | self._extra

    def _addresses(self, role: str) -> dict[str, str]:
        """Where each service's role answers over HTTP, by service."""
        plans = [plan for plan in self._plans() if plan.role == role]
        alone = len(plans) > 1
        return {name: f"http://127.0.0.1:{plan.port}" + ("" if alone else f"/{name}") for plan in plans for name in plan.services}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        answer = "nothing"
        while time.monotonic() < deadline:
            ready, answer = _ask(f"{self.address}/readyz")
            if ready:
                return
            for child in self.children.values():
                if news := child.watch():
                    self._say(news)
                if child.hopeless:
                    raise child.process.fail_with_log(f"The process {child.plan.name!r} ended again and again while it started")
            time.sleep(0.05)
        words = "\n".join(children.last_words(list(self.children.values())))
        raise CannotStart(f"The services did not become ready within {_READY_WITHIN_S:.0f} s; the last answer was {answer}\n{words}")

    def _running(self) -> Running:
        me = Identity.of(os.getpid())
        return Running(
            folder=str(self.folder),
            address=self.address,
            pid=me.pid,
            started=me.started,
            kafka=self.kafka.bootstrap,
            admin_dsn=self.postgres.admin_dsn,
            password=wiring.password(self.folder),
            workers=self._addresses("worker"),
        )


def _ask(url: str) -> tuple[bool, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return answer.status == 200, answer.read().decode()
    except urllib.error.HTTPError as error:
        return False, error.read().decode(errors="replace")
    except OSError as error:
        return False, str(error)


@contextlib.contextmanager
def system_on(folder: Path, *, say: Callable[[str], None] = lambda _: None) -> Iterator[Running]:
    """The system that runs on `folder`, else one that is started and lives for as long as the block lasts."""
    if there := record.running(folder):
        yield there
        return
    say("no system runs on this folder, so one is started for this command …")
    system = System(folder, port=0, say=say)
    try:
        yield system.start()
    finally:
        system.stop()
