"""POST /registration/v1/deals over HTTP, against pgbench running the same SQL, and against FastAPI with an ORM session."""

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import aiohttp
import httpx2

from benchmarks.ground import ROOT, Ground, Report, in_turn
from benchmarks.recorded_sql import Recorder
from hansa.embedded.postgres import binaries
from hansa.embedded.processes import free_ports
from shared.chassis.identity.issuer import Issuer
from shared.chassis.ids import new_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service

SECONDS, CLIENTS, TOKEN = 5, 16, "733517355173"
_ISSUER = "https://bench.invalid"


@dataclass(frozen=True, slots=True)
class Scene:
    """Registration with one active partner for each client, and a token of each."""

    service: Service
    partners: list[UUID]
    tokens: list[str]


async def _scene(ground: Ground, folder: Path) -> Scene:
    issuer = Issuer(folder, issuer=_ISSUER)
    service = await ground.service("registration", issuer=_ISSUER, jwks_file=str(issuer.jwks_file))
    partners = [new_id() for _ in range(CLIENTS)]
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch("insert into known_partners (id, state, sequence) select p, 'active', 1 from unnest($1::uuid[]) p", partners)
        await uow.fetch("insert into registration_quotas (partner_id, open_deals) select p, 0 from unnest($1::uuid[]) p", partners)
        await uow.fetch("update policies set body = jsonb_set(body, '{open_registrations_limit}', '100000000')")
    return Scene(service, partners, [issuer.issue("partner", partner_id=partner) for partner in partners])


def body(token: str) -> dict[str, object]:
    """A registration of an account nobody knows yet."""
    return {"account_name": f"Account {token}", "account_domain": f"account{token}.com", "country": "DE", "families": ["GTX"]}


async def ours(ground: Ground) -> float:
    """Registrations a second of one API process; the load comes from a process of its own over loopback."""
    with TemporaryDirectory() as folder:
        scene = await _scene(ground, Path(folder))
        service = scene.service
        settings = service.platform.settings
        port = free_ports(1)[0]
        values = {key: str(value) for key, value in settings.model_dump().items() if value not in (None, "")}
        environment = os.environ | {f"HANSA_REGISTRATION_{key}".upper(): value for key, value in values.items()}
        command = [sys.executable, "-m", "hansa.host", "api", str(port), "registration"]
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - nothing else runs yet
        try:
            await ready(port)
            result = await loaded(port, scene.tokens)
            async with service.platform.worker_database.transaction() as uow:
                stored, sent = (await uow.fetch("select (select count(*) from deals), (select count(*) from outbox)"))[0]
            assert stored == sent == result["done"], (stored, sent, result)
            return float(result["rate"])
        finally:
            server.terminate()
            server.wait()
            await service.stop()


async def loaded(port: int, tokens: list[str]) -> dict[str, float]:
    """What the load generator, in a process of its own, found."""
    command = [sys.executable, "-m", "benchmarks.register", str(port), *tokens]
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
    url = f"http://127.0.0.1:{port}/v1/deals"
    stop = time.perf_counter() + SECONDS
    counts = [0] * CLIENTS

    async def client(number: int, session: aiohttp.ClientSession) -> None:
        while time.perf_counter() < stop:
            headers = {"idempotency-key": uuid4().hex, "authorization": f"Bearer {tokens[number % len(tokens)]}"}
            async with session.post(url, json=body(str(uuid4().int)), headers=headers) as response:
                if response.status != 201:
                    raise RuntimeError(await response.text())
                await response.read()
            counts[number] += 1

    async with aiohttp.ClientSession() as session:
        started = time.perf_counter()
        await asyncio.gather(*(client(number, session) for number in range(CLIENTS)))
        took = time.perf_counter() - started
    return {"done": sum(counts), "rate": sum(counts) / took}


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
        recorder = Recorder(scene.service.platform.api_database.engine)
        answer = await client.post("/v1/deals", json=body(TOKEN), headers={"idempotency-key": TOKEN})
        recorder.stop()
        assert answer.status_code == 201, answer.text
    return recorder.script(token=TOKEN, caller=scene.partners[0], callers=scene.partners)


async def measure(ground: Ground, *, runs: int) -> Report:
    """Both contenders in turn."""
    from benchmarks import naive_register

    mine, limit, peer = await in_turn(
        [
            ("hansa", "registrations/s", lambda: ours(ground)),
            ("pgbench running the same SQL", "transactions/s", lambda: pgbench(ground)),
            ("FastAPI with an ORM session, one insert", "requests/s", lambda: naive_register.run(ground)),
        ],
        runs=runs,
    )
    facts = {"clients": CLIENTS, "checked": "every 201 is one stored deal and one event in the outbox"}
    return Report("register: POST /registration/v1/deals", mine, (limit, peer), targets={limit.name: 0.2}, facts=facts)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(load(int(sys.argv[1]), sys.argv[2:]))))
