"""Databases of a test run: each service's made once, emptied before each test that uses it."""

import asyncpg

from shared.chassis.database import bootstrap

PASSWORD = "only-for-tests"
_TABLES = "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
_OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()"


class Stores:
    """The databases on the server of `admin_dsn`, by service name."""

    def __init__(self, admin_dsn: str) -> None:
        self.admin_dsn = admin_dsn
        self._made: dict[str, bootstrap.Roles] = {}

    async def fresh(self, service: str) -> bootstrap.Roles:
        """The service's database without rows (its tables stay once they are made), and nobody else connected to it."""
        if service in self._made:
            await self._empty(service)
        else:
            self._made[service] = await bootstrap.create(self.admin_dsn, service, password=PASSWORD)
        return self._made[service]

    async def _empty(self, service: str) -> None:
        base, _, _ = self.admin_dsn.rpartition("/")
        connection = await asyncpg.connect(f"{base}/hansa_{service}")
        try:
            await connection.execute(_OTHERS, f"hansa_{service}")  # what an earlier test left open would block, or write
            tables = [row[0] for row in await connection.fetch(_TABLES)]
            if tables:
                await connection.execute("set session_replication_role = replica")  # a superuser's way past triggers that forbid it
                await connection.execute(f"truncate table {', '.join(tables)} restart identity cascade")
        finally:
            await connection.close()
