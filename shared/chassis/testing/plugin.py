"""The pytest plugin: servers once per run, and a stage per test on which services run against them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.chassis.identity.issuer import Issuer
from shared.chassis.testing import servers
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import ISSUER, Stage
from shared.chassis.testing.stores import Stores
from shared.chassis.testing.topic_sets import TopicSets


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this run's servers keep their files."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[servers.PostgresServer]:
    """PostgreSQL, one for the whole run; `.admin_dsn` is its superuser's address."""
    with servers.postgres(server_folder) as server:
        yield server


@pytest.fixture(scope="session")
def kafka_server(server_folder: Path) -> Iterator[servers.KafkaServer]:
    """Kafka, one for the whole run; `.bootstrap` is its address. Tests keep apart by topic prefix."""
    with servers.kafka(server_folder) as server:
        yield server


@pytest.fixture(scope="session")
def stores(postgres_server: servers.PostgresServer) -> Stores:
    """Every service's database."""
    return Stores(postgres_server.admin_dsn)


@pytest.fixture(scope="session")
def token_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Whose tokens the services of this run accept."""
    return Issuer(tmp_path_factory.mktemp("issuer"), issuer=ISSUER)


@pytest.fixture
def clock() -> ManualClock:
    """The time of this test."""
    return ManualClock()


@pytest.fixture(scope="session")
def topic_sets(request: pytest.FixtureRequest) -> TopicSets:
    """Topics per test. The broker starts when a test first needs it: many tests of one service need PostgreSQL alone."""

    def address() -> str:
        server: servers.KafkaServer = request.getfixturevalue("kafka_server")
        return server.bootstrap

    return TopicSets(address)


@pytest.fixture
async def stage(stores: Stores, topic_sets: TopicSets, token_issuer: Issuer, clock: ManualClock) -> AsyncIterator[Stage]:
    """Services on real servers, stopped at the end of the test: `service = await stage.launch("commission")`."""
    standing = Stage(stores, topic_sets, token_issuer, clock=clock)
    yield standing
    await standing.clear()
