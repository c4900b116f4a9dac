"""The two servers of a test run: embedded ones by default, containers with HANSA_TEST_INFRA=containers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class PostgresServer(Protocol):
    """A running PostgreSQL."""

    @property
    def admin_dsn(self) -> str: ...


class KafkaServer(Protocol):
    """A running Kafka."""

    @property
    def bootstrap(self) -> str: ...


def in_containers() -> bool:
    """Whether the run asked for containers."""
    return os.environ.get("HANSA_TEST_INFRA", "embedded") == "containers"


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresServer]:
    """PostgreSQL for as long as the block lasts. A server that does not start is an error, never a skip."""
    if in_containers():
        from shared.chassis.testing.containers import ContainerPostgres

        with ContainerPostgres() as container:
            yield container
        return
    from hansa.embedded.postgres import Postgres

    embedded = Postgres(folder / "postgres", durable=False, leash=True)
    try:
        embedded.start()
        yield embedded
    finally:
        embedded.stop(mode="immediate")


@contextmanager
def kafka(folder: Path) -> Iterator[KafkaServer]:
    """Kafka for as long as the block lasts. A server that does not start is an error, never a skip."""
    if in_containers():
        from shared.chassis.testing.containers import ContainerKafka

        with ContainerKafka() as container:
            yield container
        return
    from hansa.embedded.kafka import Kafka

    embedded = Kafka(folder / "kafka", leash=True)
    try:
        embedded.start()
        yield embedded
    finally:
        embedded.kill()
