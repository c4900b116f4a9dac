"""A service's store taken back to an earlier revision, as an operator would before the release before is started again."""

from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from shared.chassis.database import migrating
from shared.chassis.service import Service


async def downgrade(service: Service, revision: str) -> None:
    """Run the history back to `revision`; `service.migrate()` brings it to the newest again."""

    def back(connection: Connection) -> None:
        config = migrating._config(service.migrations)
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    engine = create_async_engine(service.platform.settings.migrator_url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(back)
    finally:
        await engine.dispose()
