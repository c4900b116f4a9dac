"""A CRM history over POST /registration/v1/imports, against COPY of the same rows and against one request per opportunity."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import asyncpg
import httpx2
import orjson

from benchmarks.ground import Ground, Report, in_turn
from shared.chassis.identity.issuer import Issuer
from shared.chassis.ids import derived_id
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service

ROWS, BATCH, PARTNERS, ACCOUNTS, NAIVE_ROWS = 5_000, 500, 30, 85, 200
AT_LEAST = 5_000  # opportunities a second
_ISSUER = "https://bench.invalid"
_START = datetime(2025, 1, 6, tzinfo=UTC)
_COPIED = ("deals", "accounts", "account_identifiers", "protection_slots", "outbox")


def history(count: int) -> list[bytes]:
    """Opportunities as NDJSON lines: three in five won, one lost, one open."""
    chance = Random(3)
    return [_opportunity(number, chance) for number in range(count)]


def _opportunity(number: int, chance: Random) -> bytes:
    engaged = _START + timedelta(hours=number)
    stage = ("won", "won", "won", "lost", "open")[number % 5]
    row: dict[str, object] = {
        "source": "bench",
        "external_id": f"opp-{number}",
        "partner_id": str(derived_id("bench partner", chance.randrange(PARTNERS))),
        "account_name": f"Customer {chance.randrange(ACCOUNTS)}",
        "country": "US",
        "families": ["GTX"],
        "engaged_at": engaged.isoformat(),
        "occurred_at": engaged.isoformat(),
        "stage": stage,
    }
    if stage != "open":
        row["closed_at"] = (engaged + timedelta(days=40)).isoformat()
        row["occurred_at"] = row["closed_at"]
    if stage == "won":
        row["amount"] = f"{chance.randrange(100, 20_000)}.00"
    return orjson.dumps(row)


async def _service(ground: Ground, folder: Path) -> tuple[Service, str]:
    issuer = Issuer(folder, issuer=_ISSUER)
    service = await ground.service("registration", issuer=_ISSUER, jwks_file=str(issuer.jwks_file))
    partners = [derived_id("bench partner", number) for number in range(PARTNERS)]
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch("insert into known_partners (id, state, sequence) select p, 'active', 1 from unnest($1::uuid[]) p", partners)
        await uow.fetch("insert into registration_quotas (partner_id, open_deals) select p, 0 from unnest($1::uuid[]) p", partners)
    await service.start_api()
    return service, issuer.issue("operator")


async def _imported(service: Service, token: str, lines: Sequence[bytes], *, batch: int) -> float:
    """Opportunities a second; every row must have been taken in."""
    transport = httpx2.ASGITransport(app=service.app)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-ndjson"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench", headers=headers, timeout=120) as client:
        started = time.perf_counter()
        for start in range(0, len(lines), batch):
            answer = await client.post("/v1/imports", content=b"\n".join(lines[start : start + batch]))
            assert answer.status_code == 200, answer.text
        took = time.perf_counter() - started
    async with service.platform.worker_database.transaction() as uow:
        stored = (await uow.fetch("select count(*) from deals"))[0][0]
    assert stored == len(lines), f"{stored} of {len(lines)}: {answer.text[:500]}"
    return len(lines) / took


async def ours(ground: Ground, lines: Sequence[bytes], *, batch: int) -> float:
    """The import route, called in process."""
    with TemporaryDirectory() as folder:
        service, token = await _service(ground, Path(folder))
        try:
            return await _imported(service, token, lines, batch=batch)
        finally:
            await service.stop()


async def copied(ground: Ground, lines: Sequence[bytes]) -> float:
    """Opportunities a second when PostgreSQL merely copies the rows that an import had written into empty tables like them."""
    with TemporaryDirectory() as folder:
        service, token = await _service(ground, Path(folder))
        try:
            await _imported(service, token, lines, batch=BATCH)
            connection = await asyncpg.connect(plain_dsn(service.platform.settings.migrator_url))
            try:
                return len(lines) / await _copy(connection)
            finally:
                await connection.close()
        finally:
            await service.stop()


async def _copy(connection: asyncpg.Connection) -> float:
    rows = {table: await connection.fetch(f"select * from {table}") for table in _COPIED}
    for table in _COPIED:
        await connection.execute(f"create table copied_{table} (like {table} including indexes including defaults)")
    started = time.perf_counter()
    async with connection.transaction():
        for table, found in rows.items():
            names = list(found[0].keys())
            columns = ", ".join(f'"{name}"' for name in names)
            await connection.execute(f"insert into copied_{table} ({columns}) overriding system value select {columns} from {table}")
    return time.perf_counter() - started


async def measure(ground: Ground, *, runs: int) -> Report:
    """The three contenders in turn."""
    lines = history(ROWS)
    mine, limit, peer = await in_turn(
        [
            ("hansa", "opportunities/s", lambda: ours(ground, lines, batch=BATCH)),
            ("PostgreSQL copying the written rows", "opportunities/s", lambda: copied(ground, lines)),
            ("one request per opportunity", "opportunities/s", lambda: ours(ground, lines[:NAIVE_ROWS], batch=1)),
        ],
        runs=runs,
    )
    facts: dict[str, object] = {"rows": ROWS, "to reach": f"{AT_LEAST:,} opportunities/s", "checked": "every row is one deal"}
    title, within = "import: a CRM history over registration/v1/imports", mine.median >= AT_LEAST
    return Report(title, mine, (limit, peer), targets={}, facts=facts, within=within)
