"""Topics of a test run: every test has a set of its own, and the next test's set is made while this one runs."""

import logging
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient

from shared.chassis.events import topics

TOPICS = Path(__file__).parents[3] / "deploy" / "topics.yaml"
logging.getLogger("aiokafka").setLevel(logging.ERROR)  # "not leader yet" of a topic made a moment ago is no news


class TopicSets:
    """Sets of all registered topics, apart by prefix. A broker takes a second or two to open a hundred partitions."""

    def __init__(self, bootstrap: Callable[[], str]) -> None:
        self.bootstrap = bootstrap
        self._run = uuid4().hex[:8]
        self._number = 0
        self._made: dict[int, list[str]] = {}

    @property
    def prefix(self) -> str:
        """The prefix of the current test's set."""
        return f"t{self._run}-{self._number}."

    async def make(self) -> str:
        """Make the current set, and have the next one made; returns the bootstrap address."""
        address = self.bootstrap()
        for number in (self._number, self._number + 1):
            if number not in self._made:
                self._made[number] = await topics.provision(address, TOPICS, prefix=f"t{self._run}-{number}.")
        return address

    async def retire(self) -> None:
        """Drop the current set if it was made; a test without Kafka leaves it to the next one."""
        if self._number in self._made:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap())
            await admin.start()
            try:
                await admin.delete_topics(self._made.pop(self._number))
            finally:
                await admin.close()
            self._number += 1
