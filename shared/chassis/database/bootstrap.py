"""Making a service's database and its three roles, as a superuser; running it again changes nothing but the passwords."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import asyncpg

KINDS = ("migrator", "worker", "api")


@dataclass(frozen=True, slots=True)
class Roles:
    """SQLAlchemy addresses of one service's database, one per role."""

    migrator_url: str
    worker_url: str
    api_url: str


async def create(admin_dsn: str, service: str, *, password: str) -> Roles:
    """Create database `hansa_<service>` and its roles on the server of `admin_dsn` (`postgresql://user:pw@host:port/postgres`).

    All three roles of this service get `password`. Raises asyncpg errors as they are.
    """
    database = f"hansa_{service}"
    connection = await asyncpg.connect(admin_dsn)
    try:
        for kind in KINDS:
            await _ensure_role(connection, f"{database}_{kind}", password=password)
        await _ensure_database(connection, database)
    finally:
        await connection.close()
    server = urlsplit(admin_dsn)
    host = f"{server.hostname}:{server.port or 5432}"
    urls = [f"postgresql+asyncpg://{database}_{kind}:{quote(password, safe='')}@{host}/{database}" for kind in KINDS]
    return Roles(*urls)


async def _ensure_role(connection: asyncpg.Connection, name: str, *, password: str) -> None:
    exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", name)
    verb = "alter" if exists else "create"
    literal = await connection.fetchval("select quote_literal($1)", password)
    await connection.execute(f'{verb} role "{name}" login password {literal}')


async def _ensure_database(connection: asyncpg.Connection, name: str) -> None:
    if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
        await connection.execute(f'create database "{name}" owner "{name}_migrator"')
    # Otherwise anyone who may log in to the server may connect: each service owns its store alone.
    await connection.execute(f'revoke connect on database "{name}" from public')
    await connection.execute(f'grant connect on database "{name}" to "{name}_worker", "{name}_api"')
