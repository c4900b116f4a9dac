"""What the image runs, run from the host: the same files, the same commands and variables, without the packages that it leaves out."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from hansa.embedded.processes import free_ports
from shared.chassis.testing import servers
from tests.support.locks import left_out, normal

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
BLOCKER = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {left_out}:
            raise ModuleNotFoundError(f"No module named {{name!r}} in the image", name=name)
sys.meta_path.insert(0, Missing())
"""


def missing_modules() -> set[str]:
    """Top-level modules that no distribution of the image's lock brings."""
    away = left_out()
    return {module for module, owners in packages_distributions().items() if {normal(owner) for owner in owners} <= away}


class Image:
    """A folder with what the Dockerfile copies, and processes started in it as compose starts containers."""

    def __init__(self, folder: Path, *, postgres: str, kafka: str) -> None:
        self.folder = folder
        self.run_folder = folder / "run"
        self._postgres, self._kafka = postgres, kafka
        self._values = dict(re.findall(r"^(HANSA_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
            *names, target = line.split()
            for name in names if target != "." else ():
                self._copy(name, Path(target.rstrip("/") + f"/{Path(name).name}" if target.endswith("/") else target))
        (folder / "blocker").mkdir()
        (folder / "blocker" / "sitecustomize.py").write_text(BLOCKER.format(left_out=missing_modules()))

    def _copy(self, name: str, target: Path) -> None:
        source, destination = ROOT / name, self.folder / "image" / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, destination, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, destination)

    def command(self, name: str, **changed: str) -> list[str]:
        """The container's command line; the image's Python is this one."""
        program = COMPOSE[name].get("entrypoint") or ["python", "-m", "hansa.cli"]
        words = [*program, *COMPOSE[name]["command"]]
        return [sys.executable, *(changed.get(word, self._here(word)) for word in words[1:])]

    def environment(self, name: str) -> dict[str, str]:
        """The container's variables, with its neighbours' addresses on this machine."""
        given = {key: self._here(str(value)) for key, value in COMPOSE[name].get("environment", {}).items()}
        kept = {key: value for key, value in given.items() if not key.endswith("_OTLP_ENDPOINT")}
        paths = f"{self.folder / 'image'}{os.pathsep}{self.folder / 'blocker'}"
        return {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent", **kept}

    def _here(self, text: str) -> str:
        filled = re.sub(r"\$\{(\w+)(?::?[-?]([^}]*))?\}", lambda found: self._values.get(found[1], found[2] or ""), text)
        return (
            filled.replace("postgres:5432", self._postgres).replace("kafka:9092", self._kafka).replace("/run/hansa", str(self.run_folder))
        )

    def job(self, name: str) -> str:
        """Run a job to its end and return what it printed."""
        done = subprocess.run(
            self.command(name),
            cwd=self.folder / "image",
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextlib.contextmanager
    def role(self, name: str) -> Iterator["Role"]:
        """A role for as long as the block lasts."""
        port = free_ports(1)[0]
        with (self.folder / f"{name}.log").open("wb") as log:
            command = self.command(name, **{"8000": str(port)})
            process = subprocess.Popen(command, cwd=self.folder / "image", env=self.environment(name), stdout=log, stderr=log)
        try:
            yield Role(process, f"http://127.0.0.1:{port}", self.folder / f"{name}.log")
        finally:
            process.kill()
            process.wait()


class Role:
    """A started role."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, log: Path) -> None:
        self.process, self.address, self._log = process, address, log

    def ready(self, *, within_s: float = 60.0) -> None:
        """Wait until its health check passes. Fails with the log's end."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                if self.call("/readyz")[0] == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(self._log.read_text()[-3000:])

    def call(self, path: str, *, token: str = "", body: object = None) -> tuple[int, str]:
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.address + path, data=data, headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, kafka_server: servers.KafkaServer) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    with servers.postgres(tmp_path_factory.mktemp("image-postgres")) as server:
        admin, host = re.match(r"postgresql://(.+)@([^/]+)/", server.admin_dsn).groups()  # type: ignore[union-attr]
        made = Image(folder, postgres=host, kafka=kafka_server.bootstrap)
        made._values["HANSA_ADMIN_PASSWORD"] = admin.partition(":")[2]
        for job in ("databases", "migrate", "topics", "identity"):
            made.job(job)
        yield made


@pytest.mark.parametrize("name", ["databases", "migrate"])
def test_job_when_run_again_then_it_succeeds_all_the_same(image: Image, name: str) -> None:
    image.job(name)


def test_service_when_its_two_containers_run_then_a_partner_is_created_and_its_event_sent(image: Image) -> None:
    token = image.job("identity").strip()
    with image.role("partners-api") as api, image.role("partners-worker") as worker:
        api.ready()
        worker.ready()
        partner = {"name": "Nordlicht Systems", "type": "channel", "region": "EMEA", "country": "DE"}
        status, created = api.call("/v1/partners", token=token, body=partner)
        assert status == 201
        api.call(f"/v1/partners/{json.loads(created)['id']}/activate", token=token, body={})
        deadline = time.monotonic() + 30
        while 'hansa_relay_sent_total{service="partners"} 1.0' not in (numbers := worker.call("/metrics")[1]):
            assert time.monotonic() < deadline, numbers
            time.sleep(0.1)


@pytest.mark.parametrize("name", ["notifications-worker"])
def test_worker_when_asked_to_end_then_it_ends_in_order(image: Image, name: str) -> None:
    with image.role(name) as worker:
        worker.ready()
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(timeout=40) in {0, -signal.SIGTERM}
