"""POST /registration/v1/deals over HTTP, against pgbench running the same SQL and two bare peers; and how long it takes under load."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import aiohttp
import httpx2

from benchmarks.ground import ROOT, Ground, Measure, Report, in_turn, percentile
from benchmarks.recorded_sql import first_transaction, script
from hansa.embedded.postgres import binaries
from hansa.embedded.processes import free_ports
from shared.chassis.identity.issuer import Issuer
from shared.chassis.ids import new_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service
from shared.chassis.testing.statements import heard

SECONDS, CLIENTS, TOKEN = 5, 16, "733517355173"
WAITS = ((0.5, 10.0), (0.9, 50.0))  # shares of the maximum rate, and the milliseconds within which 99 of 100 are answered
_ISSUER = "https://bench.invalid"


@dataclass(frozen=True, slots=True)
class Scene:
    """Registration with one active partner for each client, a token of each, and one of the vendor's staff."""

    service: Service
    partners: list[UUID]
    tokens: list[str]
    staff: str


async def _scene(ground: Ground, folder: Path) -> Scene:
    issuer = Issuer(folder, issuer=_ISSUER)
    service = await ground.service("registration", issuer=_ISSUER, jwks_file=str(issuer.jwks_file))
    partners = [new_id() for _ in range(CLIENTS)]
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch("insert into known_partners (id, state, sequence) select p, 'active', 1 from unnest($1::uuid[]) p", partners)
        await uow.fetch("insert into registration_quotas (partner_id, open_deals) select p, 0 from unnest($1::uuid[]) p", partners)
        await uow.fetch("update policies set body = jsonb_set(body, '{open_registrations_limit}', '100000000')")
    tokens = [issuer.issue("partner", partner_id=partner) for partner in partners]
    return Scene(service, partners, tokens, issuer.issue("operator"))


def body(token: str) -> dict[str, object]:
    """A registration of an account nobody knows yet."""
    return {"account_name": f"Account {token}", "account_domain": f"account{token}.com", "country": "DE", "families": ["GTX"]}


async def ours(ground: Ground) -> float:
    """Registrations a second of one API process; the load comes from a process of its own over loopback."""
    async with served(ground) as (scene, port):
        result = await loaded(port, scene.tokens)
        await _check(scene, result["done"])
        return float(result["rate"])


@asynccontextmanager
async def served(ground: Ground) -> AsyncIterator[tuple[Scene, int]]:
    """An API process on an emptied store, and its port."""
    with TemporaryDirectory() as folder:
        scene = await _scene(ground, Path(folder))
        settings = scene.service.platform.settings
        port = free_ports(1)[0]
        values = {key: str(value) for key, value in settings.model_dump().items() if value not in (None, "")}
        environment = os.environ | {f"HANSA_REGISTRATION_{key}".upper(): value for key, value in values.items()}
        command = [sys.executable, "-m", "hansa.host", "api", str(port), "registration"]
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - nothing else runs yet
        try:
            await ready(port)
            yield scene, port
        finally:
            server.terminate()
            server.wait()
            await scene.service.stop()


async def _check(scene: Scene, done: float) -> None:
    """Every 201 is one stored deal and one event in the outbox."""
    async with scene.service.platform.worker_database.transaction() as uow:
        stored, sent = (await uow.fetch("select (select count(*) from deals), (select count(*) from outbox)"))[0]
    assert stored == sent == done, (stored, sent, done)


async def waited(ground: Ground, *, rate: float) -> float:
    """The 99th percentile in ms from when a request was due until its answer, at so many requests a second whatever the answers do."""
    async with served(ground) as (scene, port):
        await loaded(port, scene.tokens)  # warm
        result = await loaded(port, scene.tokens, rate=rate)
        return float(result["p99"])


async def loaded(port: int, tokens: list[str], *, rate: float = 0.0) -> dict[str, float]:
    """What the load generator, in a process of its own, found; with a `rate` it sends as many a second, else as fast as CLIENTS can."""
    command = [sys.executable, "-m", "benchmarks.register", str(port), str(rate), *tokens]
    finished = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(finished.stderr[-2_000:])
    result: dict[str, float] = json.loads(finished.stdout)
    return result


async def ready(port: int) -> None:
    """Wait until the process on `port` is ready."""
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise TimeoutError("the API did not become ready")


async def load(port: int, tokens: list[str]) -> dict[str, float]:
    """Post from CLIENTS connections for SECONDS; every answer must be 201."""
    stop = time.perf_counter() + SECONDS
    counts = [0] * CLIENTS

    async def client(number: int, session: aiohttp.ClientSession) -> None:
        while time.perf_counter() < stop:
            await _post(session, port, tokens[number % len(tokens)])
            counts[number] += 1

    async with aiohttp.ClientSession() as session:
        started = time.perf_counter()
        await asyncio.gather(*(client(number, session) for number in range(CLIENTS)))
        took = time.perf_counter() - started
    return {"done": sum(counts), "rate": sum(counts) / took}


async def load_steadily(port: int, tokens: list[str], *, rate: float) -> dict[str, float]:
    """Post `rate` times a second for SECONDS, each at its time, answered or not what went before (an open loop)."""
    waits: list[float] = []

    async def one(number: int, due: float, session: aiohttp.ClientSession) -> None:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await _post(session, port, tokens[number % len(tokens)])
        waits.append(1000 * (time.perf_counter() - due))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        started = time.perf_counter() + 0.1
        await asyncio.gather(*(one(number, started + number / rate, session) for number in range(int(rate * SECONDS))))
    return {"done": len(waits), "p99": percentile(waits, 0.99)}


async def _post(session: aiohttp.ClientSession, port: int, token: str) -> None:
    headers = {"idempotency-key": uuid4().hex, "authorization": f"Bearer {token}"}
    async with session.post(f"http://127.0.0.1:{port}/v1/deals", json=body(str(uuid4().int)), headers=headers) as response:
        if response.status != 201:
            raise RuntimeError(await response.text())
        await response.read()


async def pgbench(ground: Ground) -> float:
    """Transactions a second of the very SQL of one such request, run by pgbench as the API's role."""
    with TemporaryDirectory() as folder:
        scene = await _scene(ground, Path(folder))
        service = scene.service
        try:
            script = Path(folder) / "register.sql"
            script.write_text(await _recorded(scene))
            script.chmod(0o644)
            dsn = plain_dsn(service.platform.settings.api_url)
            command = [
                str(binaries() / "pgbench"),
                "-n",
                "-M",
                "prepared",
                "-c",
                str(CLIENTS),
                "-j",
                "2",
                "-T",
                str(SECONDS),
                "-f",
                str(script),
                dsn,
            ]
            finished = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
            if finished.returncode or "failed transactions: 0 " not in finished.stdout:
                raise RuntimeError(finished.stdout + finished.stderr)
            line = next(each for each in finished.stdout.splitlines() if each.startswith("tps"))
            return float(line.split("=")[1].split()[0])
        finally:
            await service.stop()


async def _recorded(scene: Scene) -> str:
    transport = httpx2.ASGITransport(app=scene.service.app)
    headers = {"authorization": f"Bearer {scene.tokens[0]}"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
        await client.post("/v1/deals", json=body("1"), headers={"idempotency-key": "warm"})
        with heard(scene.service.platform.api_database) as statements:
            answer = await client.post("/v1/deals", json=body(TOKEN), headers={"idempotency-key": TOKEN})
        assert answer.status_code == 201, answer.text
    return script(first_transaction(statements), token=TOKEN, caller=scene.partners[0], callers=scene.partners)


async def measure(ground: Ground, *, runs: int) -> list[Report]:
    """The contenders in turn; then, at parts of our own median rate, how long a request waits."""
    from benchmarks import bare_register, naive_register

    mine, limit, bare, peer = await in_turn(
        [
            ("hansa", "registrations/s", lambda: ours(ground)),
            ("pgbench running the same SQL", "transactions/s", lambda: pgbench(ground)),
            ("bare FastAPI and asyncpg, one statement", "requests/s", lambda: bare_register.run(ground)),
            ("FastAPI with an ORM session, one insert", "requests/s", lambda: naive_register.run(ground)),
        ],
        runs=runs,
    )
    facts: dict[str, object] = {"clients": CLIENTS, "checked": "every 201 is one stored deal and one event in the outbox"}
    targets = {limit.name: 0.3, bare.name: 1.1, peer.name: 3.0}
    reports = [Report("register: POST /registration/v1/deals", mine, (limit, bare, peer), targets, facts)]
    for share, most_ms in WAITS:
        waits = tuple([await waited(ground, rate=share * mine.median) for _ in range(runs)])
        figure = Measure("p99 from due to answered", "ms", waits)
        told: dict[str, object] = {"rate": f"{share * mine.median:,.0f} requests/s, {share:.0%}", "to reach": f"within {most_ms:.0f} ms"}
        title = f"register: a request's time at {share:.0%} of the maximum"
        reports.append(Report(title, figure, (), {}, told, within=figure.median <= most_ms))
    return reports


if __name__ == "__main__":
    port, rate, *tokens = sys.argv[1:]
    work = load_steadily(int(port), tokens, rate=float(rate)) if float(rate) else load(int(port), tokens)
    print(json.dumps(asyncio.run(work)))
