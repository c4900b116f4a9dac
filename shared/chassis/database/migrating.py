"""Bringing a service's database to the newest revision of its own Alembic history."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK = 0x48414E5341  # "HANSA": two migrators of one database wait for each other


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    return config


def run(metadata: sa.MetaData) -> None:
    """What a service's `env.py` calls: runs the pending revisions in one transaction."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


async def upgrade(url: str, migrations: Path) -> None:
    """Run the history in `migrations` to its head as the role in `url`; safe to call from several processes at once."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.run_sync(_upgrade, migrations)
    finally:
        await engine.dispose()


def _upgrade(connection: sa.Connection, migrations: Path) -> None:
    config = _config(migrations)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    database = connection.engine.url.database
    for kind in ("api", "worker"):  # readiness compares the revision with the code's
        connection.execute(sa.text(f'grant select on table alembic_version to "{database}_{kind}"'))


def head(migrations: Path) -> str | None:
    """The newest revision in `migrations`."""
    return ScriptDirectory.from_config(_config(migrations)).get_current_head()
