"""The peer of registration: FastAPI with SQLAlchemy's ORM, one session a request, one insert; no checks, no event."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.ground import ROOT, Ground
from hansa.embedded.processes import free_ports


class Base(DeclarativeBase):
    pass


class DealRow(Base):
    __tablename__ = "naive_deals"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_name: Mapped[str]
    account_domain: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str]


class NewDeal(BaseModel):
    account_name: str
    account_domain: str
    country: str


def application(url: str) -> FastAPI:
    """The naive service on the database of `url`."""
    sessions = async_sessionmaker(create_async_engine(url, pool_size=8, max_overflow=0), expire_on_commit=False)
    app = FastAPI()

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as opened, opened.begin():
            yield opened

    @app.get("/readyz")
    async def ready() -> Response:
        return Response("ready")

    @app.post("/v1/deals", status_code=201)
    async def create(body: NewDeal, opened: Annotated[AsyncSession, Depends(session, scope="function")]) -> NewDeal:
        opened.add(DealRow(id=uuid4(), **body.model_dump()))
        return body

    return app


async def run(ground: Ground) -> float:
    """Requests a second under the same load as ours."""
    from benchmarks.register import loaded, ready

    roles = await ground.roles("bench_naive")
    engine = create_async_engine(roles.migrator_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
    port = free_ports(1)[0]
    environment = os.environ | {"HANSA_BENCH_NAIVE_URL": roles.migrator_url}
    command = [sys.executable, "-m", "benchmarks.naive_register", str(port)]
    server = subprocess.Popen(command, env=environment, cwd=ROOT)  # noqa: ASYNC220 - nothing else runs yet
    try:
        await ready(port)
        return (await loaded(port, ["none"]))["rate"]
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(application(os.environ["HANSA_BENCH_NAIVE_URL"]), port=int(sys.argv[1]), access_log=False, log_level="warning")
