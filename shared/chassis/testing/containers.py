"""The same two servers as containers, from the images that docker-compose.yml names."""

import socket
from types import TracebackType
from typing import Self

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.1.2"


class ContainerPostgres:
    """PostgreSQL in a container, unsafe against power cuts and fast."""

    def __init__(self) -> None:
        self._container = PostgresContainer(POSTGRES_IMAGE, username="postgres", dbname="postgres")
        self._container.with_command("postgres -c fsync=off -c full_page_writes=off -c max_connections=200")

    @property
    def admin_dsn(self) -> str:
        address: str = self._container.get_connection_url(driver=None)
        return address

    def __enter__(self) -> Self:
        self._container.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._container.stop()


class ContainerKafka:
    """Kafka (KRaft, one node) in a container; topics exist only when created.

    The host's port is chosen before the start, since the broker has to advertise it.
    """

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self._container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, self._port)
        for name, value in self._settings().items():
            self._container.with_env(f"KAFKA_{name}", value)
        self._container.waiting_for(LogMessageWaitStrategy("Kafka Server started"))

    def _settings(self) -> dict[str, str]:
        return {
            "NODE_ID": "1",
            "PROCESS_ROLES": "broker,controller",
            "LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
            "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{self._port}",
            "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
            "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "AUTO_CREATE_TOPICS_ENABLE": "false",
        }

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._container.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._container.stop()
