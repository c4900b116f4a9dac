"""The whole product on one machine: comes up, answers at one address, mends itself, goes down, goes on where it was."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hansa.embedded import children
from hansa.embedded.processes import ServerFailed
from hansa.embedded.record import AlreadyRunning, Running, running
from hansa.embedded.system import CannotStart, System, system_on

ROOT = Path(__file__).parents[3]
_PARTNER = {"name": "Nordlicht Systems", "type": "channel", "region": "EMEA", "country": "DE"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("system")


@pytest.fixture(scope="module")
def system(folder: Path) -> Iterator[System]:
    with System(folder, port=0, durable=False) as up:
        yield up


@pytest.fixture
def there(system: System) -> Running:
    found = running(system.folder)
    assert found is not None
    return found


def _call(there: Running, path: str, body: object = None, *, method: str | None = None) -> tuple[int, str]:
    headers = {"authorization": f"Bearer {there.token()}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(there.address + path, data=data, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, answer.read().decode(errors="replace")


def _until(condition: Callable[[], bool], *, what: str, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.1)


def _activated(there: Running) -> str:
    """A partner that has just been activated: one event on its way."""
    partner: str = json.loads(_call(there, "/partners/v1/partners", _PARTNER)[1])["id"]
    _call(there, f"/partners/v1/partners/{partner}/activate", {})
    return partner


def test_system_when_up_then_every_half_of_every_service_is_ready(there: Running) -> None:
    status = json.loads(_call(there, "/readyz")[1])["services"]
    assert len(status) == 6
    assert all(halves == {"api": True, "worker": True} for halves in status.values())


def test_start_page_when_shown_then_it_links_every_service_and_needs_nothing_from_elsewhere(there: Running) -> None:
    page = _call(there, "/")[1]
    links = re.findall(r'href="(/[a-z/.]+)"', page)
    assert len({link.split("/")[1] for link in links if link.endswith("/docs")}) == 6
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
    assert {link: _call(there, link)[0] for link in links} == dict.fromkeys(links, 200)


def test_documentation_when_shown_then_its_assets_come_from_this_address(there: Running) -> None:
    page = _call(there, "/commission/docs")[1]
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert assets
    assert {asset: _call(there, asset)[0] for asset in assets} == dict.fromkeys(assets, 200)
    assert json.loads(_call(there, "/commission/openapi.json")[1])["servers"] == [{"url": "/commission"}]


def test_live_feed_when_something_happens_then_it_is_told_and_counted(there: Running) -> None:
    heard: list[str] = []

    def listen() -> None:
        with urllib.request.urlopen(f"{there.address}/events", timeout=60) as stream:
            heard.extend(line.decode() for line in stream)

    threading.Thread(target=listen, daemon=True).start()
    _until(lambda: any('"connected":true' in line for line in heard), what="the feed's connection")
    partner = _activated(there)
    _until(lambda: any("partner.activated" in line and partner in line for line in heard), what="the event in the feed")
    _until(lambda: any(re.search(r'"total":[1-9]', line) for line in heard), what="the count")
    assert partner in _call(there, "/")[1]


def test_command_when_a_system_runs_then_it_uses_that_one(system: System) -> None:
    with system_on(system.folder) as found:
        assert found.address == system.address
    assert running(system.folder) is not None


def test_second_system_when_started_on_the_same_folder_then_it_is_told_where_the_first_is(system: System) -> None:
    with pytest.raises(AlreadyRunning, match=system.address):
        System(system.folder, port=0).start()


def test_system_when_its_port_is_taken_then_it_says_so_and_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port}"):
            System(tmp_path / "other", port=port).start()
    assert not (tmp_path / "other" / "postgres").exists()


def test_worker_when_killed_then_it_is_started_again_and_work_goes_on(system: System, there: Running) -> None:
    ends = threading.Event()
    worker = system.children["worker"].process
    before = worker.identity()
    worker.send(signal.SIGKILL)

    def end_when_ready() -> None:
        try:
            _until(lambda: worker.running() is not None and worker.identity() != before, what="the new worker")
            _until(lambda: _ready(there), what="readiness")
        finally:
            ends.set()

    threading.Thread(target=end_when_ready).start()
    system.supervise(ends)  # in this thread: a child never outlives the thread that started it
    assert _ready(there)
    assert worker.identity() != before


def _ready(there: Running) -> bool:
    try:
        return _call(there, "/readyz")[0] == 200
    except OSError:
        return False


def test_system_when_a_process_dies_again_and_again_then_it_gives_up_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_BACKOFF_S", (0.05,))
    monkeypatch.setattr(children, "_HOPELESS", 2)  # five deaths are the same again, and each start takes seconds
    broken = System(tmp_path / "broken", port=0, durable=False, environment={"HANSA_GATEWAY_WORKERS": "nonsense"})
    with pytest.raises(ServerFailed, match=r"'api' ended again and again(?s:.*)error parsing value for field"):
        broken.start()
    assert list((tmp_path / "broken" / "run").glob("*.process.json")) == []
    assert not broken.postgres.is_running()


def test_up_when_run_again_on_the_folder_then_it_goes_on_and_ctrl_c_ends_it(system: System, there: Running, folder: Path) -> None:
    partner = _activated(there)
    system.stop()
    assert running(folder) is None
    command = [sys.executable, "-m", "hansa.cli", "up", "--isolated", "--port", "0", "--data-dir", str(folder)]
    up = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _until(lambda: up.poll() is not None or running(folder) is not None, what="the second start", within_s=120)
        again = running(folder)
        assert again is not None
        assert json.loads(_call(again, f"/partners/v1/partners/{partner}")[1])["state"] == "active"
        assert len(list((folder / "run").glob("*-worker.process.json"))) == 6
    finally:
        up.send_signal(signal.SIGINT)
        output = up.communicate(timeout=60)[0]
    assert (up.returncode, "the data are kept" in output) == (0, True)
    assert list((folder / "run").glob("*.process.json")) == []
    assert not (folder / "kafka" / "kafka.process.json").exists()


def test_up_when_killed_then_its_services_leave_their_groups_and_the_next_start_goes_on(system: System, folder: Path) -> None:
    system.stop()
    command = [sys.executable, "-m", "hansa.cli", "up", "--port", "0", "--data-dir", str(folder)]
    with (folder / "up.log").open("wb") as output:
        up = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=output, stderr=output)
    _until(lambda: up.poll() is not None or running(folder) is not None, what="the start", within_s=120)
    assert up.poll() is None, (folder / "up.log").read_text()
    hosted = [child for child in psutil.Process(up.pid).children() if "hansa.host" in child.cmdline()]
    assert len(hosted) == 2
    up.kill()
    up.wait()
    _, left = psutil.wait_procs(hosted, timeout=30)
    assert left == []
    log = (folder / "run" / "worker.log").read_text().rpartition("Started server process")[2]
    assert log.count("LeaveGroup request succeeded") == 5  # every service that consumes: their groups wait for nobody
    with System(folder, port=0, durable=False) as again:
        there = running(again.folder)
        assert there is not None
        assert _ready(there)
