"""The register of topics (deploy/topics.yaml): read, and made true on a cluster. Brokers never create topics on first use."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError


@dataclass(frozen=True, slots=True)
class Topic:
    """One entry of the register; `retention` is `forever` or `compact`."""

    name: str
    owner: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int
    retention: str
    meaning: str

    @property
    def configuration(self) -> dict[str, str]:
        """The broker's settings for this topic."""
        common = {"retention.ms": "-1"}
        if self.retention == "compact":
            return common | {"cleanup.policy": "compact"}
        return common | {"cleanup.policy": "delete", "retention.bytes": "-1"}


def register(path: Path) -> tuple[Topic, ...]:
    """Every topic of the register. Raises KeyError for an entry without one of its fields."""
    entries = yaml.safe_load(path.read_text())["topics"]
    return tuple(
        Topic(
            name,
            entry["owner"],
            tuple(entry["producers"]),
            tuple(entry["consumers"]),
            entry["partitions"],
            entry["retention"],
            entry["meaning"],
        )
        for name, entry in entries.items()
    )


async def provision(bootstrap: str, path: Path, *, prefix: str = "", replicas: int = 1, min_in_sync: int = 1) -> list[str]:
    """Create what is missing; returns the names that were made. Partition counts are a contract for order and never changed here.

    Raises ValueError if a topic exists with another number of partitions.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="hansa-topics")
    await admin.start()
    try:
        present = set(await admin.list_topics())
        wanted = {f"{prefix}{topic.name}": topic for topic in register(path)}
        await _check(admin, {name: topic for name, topic in wanted.items() if name in present})
        missing = {name: topic for name, topic in wanted.items() if name not in present}
        extra = {"min.insync.replicas": str(min_in_sync)}
        fresh = [NewTopic(name, t.partitions, replicas, topic_configs=t.configuration | extra) for name, t in missing.items()]
        if fresh:
            await _create(admin, fresh)
            await _visible(admin, missing)
        return list(missing)
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    response = await admin.create_topics(topics)
    for name, code, *rest in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):  # another process may be doing the same
            raise RuntimeError(f"topic {name} was not created: error {code} {rest}")


async def _visible(admin: AIOKafkaAdminClient, topics: dict[str, Topic]) -> None:
    """Wait until the brokers know what the controller made: until then a consumer would find no such topic."""
    for _ in range(200):
        found = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(list(topics))}
        if all(found.get(name) == topic.partitions for name, topic in topics.items()):
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"topics were created but did not appear: {sorted(topics)}")


async def _check(admin: AIOKafkaAdminClient, present: dict[str, Topic]) -> None:
    for found in await admin.describe_topics(list(present)) if present else []:
        expected, counted = present[found["topic"]].partitions, len(found["partitions"])
        if counted != expected:
            raise ValueError(f"topic {found['topic']} has {counted} partitions, the register says {expected}: order per key would break")
