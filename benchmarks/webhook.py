"""From an event's commit to its webhook's arrival: the distribution under a steady load, through Kafka and real processes."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from aiohttp import web
from cryptography.fernet import Fernet

from benchmarks.ground import ROOT, Ground, Measure, Report
from benchmarks.register import ready
from hansa.embedded.processes import free_ports
from shared.chassis.clock import SystemClock
from shared.chassis.identity.issuer import Issuer
from shared.chassis.ids import derived_id
from shared.chassis.service import Service
from shared.schemas.partners import PartnerSuspended

EVENTS_PER_S, SECONDS, LIMIT_MS = 50, 10, 250
_ISSUER = "https://bench.invalid"


class Receiver:
    """A webhook consumer that notes when each event came first."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self.port = free_ports(1)[0]

    async def start(self) -> web.AppRunner:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_post("/hook", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        arrived = time.perf_counter()
        data = (await request.json())["data"]
        self.came.setdefault(str(data["reason"]), arrived)
        return web.Response()


async def _delays(ground: Ground) -> list[float]:
    """Milliseconds from commit to arrival of every event of one run."""
    receiver = Receiver()
    runner = await receiver.start()
    with TemporaryDirectory() as folder:
        issuer = Issuer(Path(folder), issuer=_ISSUER)
        prefix = await ground.topics()
        common = {"prefix": prefix, "issuer": _ISSUER, "jwks_file": str(issuer.jwks_file)}
        keys = Fernet.generate_key().decode()
        sender = await ground.service("notifications", **common, secret_keys=keys, allow_private_targets=True)
        source = await ground.service("partners", **common)
        await _subscribe(sender, issuer.issue("operator"), receiver.port)
        processes = [
            await _process("partners", source, {}),
            await _process("notifications", sender, {"secret_keys": keys}),
        ]
        try:
            await _emit(source, "warm", receiver, within_s=60)
            committed = await _steady(source)
            await _all_came(receiver, len(committed) + 1)
            return [1000 * (receiver.came[reason] - at) for reason, at in committed.items()]
        finally:
            for process in processes:
                process.terminate()
                process.wait()
            await runner.cleanup()
            await source.stop()
            await sender.stop()


async def _subscribe(service: Service, token: str, port: int) -> None:
    transport = httpx2.ASGITransport(app=service.app)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
        answer = await client.post("/v1/endpoints", json={"url": f"http://127.0.0.1:{port}/hook"})
        assert answer.status_code == 201, answer.text


async def _process(name: str, service: Service, extra: dict[str, str]) -> "subprocess.Popen[bytes]":
    port = free_ports(1)[0]
    values = service.platform.settings.model_dump(exclude={"secret_keys"}, exclude_none=True)
    given = {key: str(value) for key, value in values.items() if value != ""} | extra
    environment = os.environ | {f"HANSA_{name}_{key}".upper(): value for key, value in given.items()}
    command = [sys.executable, "-m", "hansa.host", "worker", str(port), name]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - nothing else runs yet
    await ready(port)
    return process


async def _emit(service: Service, reason: str, receiver: Receiver, *, within_s: float) -> None:
    await _commit(service, reason)
    deadline = time.monotonic() + within_s
    while reason not in receiver.came:
        if time.monotonic() > deadline:
            raise TimeoutError("no webhook came")
        await asyncio.sleep(0.01)


async def _commit(service: Service, reason: str) -> float:
    now = SystemClock().now()
    event = PartnerSuspended(occurred_at=now, recorded_at=now, partner_id=derived_id("bench partner", reason), reason=reason)
    async with service.platform.worker_database.transaction() as uow:
        uow.emit(event, sequence=1)
    return time.perf_counter()


async def _steady(service: Service) -> dict[str, float]:
    """Commit events at an even pace; when each was committed, by its name."""
    committed: dict[str, float] = {}
    started = time.perf_counter()
    for number in range(EVENTS_PER_S * SECONDS):
        await asyncio.sleep(max(started + number / EVENTS_PER_S - time.perf_counter(), 0))
        committed[f"event {number}"] = await _commit(service, f"event {number}")
    return committed


async def _all_came(receiver: Receiver, count: int) -> None:
    for _ in range(3_000):
        if len(receiver.came) >= count:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(f"only {len(receiver.came)} of {count} webhooks came")


async def measure(ground: Ground, *, runs: int) -> Report:
    """Each run's median and 99th percentile; the medians of those count."""
    middles, tails = [], []
    for _ in range(runs):
        delays = sorted(await _delays(ground))
        middles.append(statistics.median(delays))
        tails.append(delays[int(0.99 * len(delays))])
    facts: dict[str, object] = {
        "load": f"{EVENTS_PER_S} events/s for {SECONDS} s",
        "p50": f"{statistics.median(middles):.0f} ms",
        "asked": f"p99 of at most {LIMIT_MS} ms",
        "checked": "every event's webhook came",
    }
    mine = Measure("commit to webhook, 99th percentile", "ms", tuple(tails))
    return Report("webhook: from commit to arrival", mine, (), targets={}, facts=facts, within=statistics.median(tails) <= LIMIT_MS)
