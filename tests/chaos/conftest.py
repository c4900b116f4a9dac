"""Servers that may be killed: one pair for the chaos tests, apart from every other test's."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hansa.embedded.kafka import Kafka
from hansa.embedded.postgres import Postgres
from tests.chaos.arena import Arena, Servers


@pytest.fixture(scope="session")
def chaos_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("chaos")
    servers = Servers(Postgres(folder / "postgres"), Kafka(folder / "kafka"))
    servers.postgres.start()
    try:
        servers.kafka.start()
        yield servers
    finally:
        servers.kafka.kill()
        servers.postgres.stop(mode="immediate")


@pytest.fixture
def seed() -> int:
    """Where a fault has no seed of its own."""
    return 7


@pytest.fixture
async def arena(chaos_servers: Servers, tmp_path: Path, seed: int) -> AsyncIterator[Arena]:
    arena = Arena(chaos_servers, tmp_path, seed)
    await arena.open()
    yield arena
    await arena.close()
