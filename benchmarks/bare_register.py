"""The barest peer of registration: FastAPI and asyncpg, one statement a request; no checks, no event, no transaction of its own."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from fastapi import FastAPI, Response

from benchmarks.ground import ROOT, Ground
from benchmarks.naive_register import NewDeal
from hansa.embedded.processes import free_ports
from shared.chassis.leadership import plain_dsn

_TABLE = """
create table bare_deals (id uuid primary key, account_name text not null, account_domain text not null unique, country text not null)"""
_INSERT = "insert into bare_deals (id, account_name, account_domain, country) values ($1, $2, $3, $4)"


def application(dsn: str) -> FastAPI:
    """The bare service on the database of `dsn`."""

    @asynccontextmanager
    async def pooled(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=8, max_size=8) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=pooled)

    @app.get("/readyz")
    async def ready() -> Response:
        return Response("ready")

    @app.post("/v1/deals", status_code=201)
    async def create(body: NewDeal) -> NewDeal:
        await app.state.pool.execute(_INSERT, uuid4(), body.account_name, body.account_domain, body.country)
        return body

    return app


async def run(ground: Ground) -> float:
    """Requests a second under the same load as ours."""
    from benchmarks.register import loaded, ready

    roles = await ground.roles("bench_bare")
    dsn = plain_dsn(roles.migrator_url)
    connection = await asyncpg.connect(dsn)
    await connection.execute(_TABLE)
    await connection.close()
    port = free_ports(1)[0]
    command = [sys.executable, "-m", "benchmarks.bare_register", str(port)]
    server = subprocess.Popen(command, env=os.environ | {"HANSA_BENCH_BARE_DSN": dsn}, cwd=ROOT)  # noqa: ASYNC220 - nothing else runs yet
    try:
        await ready(port)
        return (await loaded(port, ["none"]))["rate"]
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(application(os.environ["HANSA_BENCH_BARE_DSN"]), port=int(sys.argv[1]), access_log=False, log_level="warning")
