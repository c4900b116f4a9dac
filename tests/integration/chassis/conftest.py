"""The notes service on a real PostgreSQL, with tokens of its own issuer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from shared.chassis.clock import SystemClock
from shared.chassis.database import Database, bootstrap, ddl
from shared.chassis.identity import Issuer, Verifier
from shared.chassis.settings import ServiceSettings
from shared.chassis.testing import servers
from tests.integration.chassis import notes
from tests.support.asgi import Client

ISSUER = "http://issuer.test"


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"), issuer=ISSUER)


@pytest.fixture(scope="session")
def notes_roles(postgres_server: servers.PostgresServer) -> bootstrap.Roles:
    return asyncio.run(_create(postgres_server.admin_dsn))


async def _create(admin_dsn: str) -> bootstrap.Roles:
    roles = await bootstrap.create(admin_dsn, "notes", password="notes")
    engine = create_async_engine(roles.migrator_url)
    async with engine.begin() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()
    return roles


def _migrate(connection: Connection) -> None:
    op = Operations(MigrationContext.configure(connection))
    ddl.chassis_tables(op)
    notes.metadata.create_all(connection)
    ddl.isolate(op, "notes")


@pytest.fixture
async def database(notes_roles: bootstrap.Roles) -> AsyncIterator[Database]:
    worker = create_async_engine(notes_roles.migrator_url)
    async with worker.begin() as connection:
        await connection.exec_driver_sql("truncate notes, idempotency_keys, outbox")
    await worker.dispose()
    database = Database(notes_roles.api_url, clock=SystemClock(), service="notes", pool=5)
    yield database
    await database.close()


@pytest.fixture
def app(database: Database, issuer: Issuer) -> Iterator[Client]:
    settings = ServiceSettings(issuer=ISSUER, jwks_file=str(issuer.jwks_file), max_body_bytes=20_000)
    yield Client(notes.build(database, Verifier.of(settings), settings))
    notes.gates.clear()


@pytest.fixture
def partner(app: Client, issuer: Issuer) -> Client:
    return app.bearing(issuer.issue("partner", partner_id=UUID(int=1)))


@pytest.fixture
def rival(app: Client, issuer: Issuer) -> Client:
    return app.bearing(issuer.issue("partner", partner_id=UUID(int=2)))


@pytest.fixture
def operator(app: Client, issuer: Issuer) -> Client:
    return app.bearing(issuer.issue("operator"))


@pytest.fixture
async def only(database: Database) -> Database:
    """One connection alone (see `single`)."""
    return Database(database.url, clock=SystemClock(), service="only", pool=1)
