"""Commission's worker in processes of its own, as on a machine that gives it a process for each core."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from benchmarks.ground import Ground, quietly, until
from services.commission.service import build
from services.commission.settings import Settings
from shared.chassis import loops
from shared.chassis.clock import SystemClock
from shared.chassis.settings import ServiceSettings

CORES = os.cpu_count() or 1
_STABLE = "Stable"
_LONGEST_HOLD_S = 9.0  # the session timeout is 10 s


class Workers:
    """Some workers of one service; they can be held still while work is laid before them."""

    def __init__(self, processes: list[BaseProcess]) -> None:
        self.processes = processes

    def signal(self, number: signal.Signals) -> None:
        """Send each the signal; whoever is gone is left alone."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid or 0, number)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nothing moves in them within the block. Raises AssertionError if it takes so long that Kafka gives their places away."""
        self.signal(signal.SIGSTOP)
        since = time.monotonic()
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)
        assert time.monotonic() - since < _LONGEST_HOLD_S, "held for longer than the session timeout: there was a rebalance"


@asynccontextmanager
async def running(ground: Ground, settings: ServiceSettings, *, count: int = CORES) -> AsyncIterator[Workers]:
    """`count` workers that share the topics' partitions between them."""
    context = multiprocessing.get_context("spawn")
    dumped = settings.model_dump(mode="json")
    workers = Workers([context.Process(target=work, args=(dumped,), daemon=True) for _ in range(count)])
    for process in workers.processes:
        process.start()
    try:
        await _joined(ground, f"{settings.topic_prefix}hansa.commission", count)
        yield workers
    finally:
        for process in workers.processes:
            process.terminate()
        for process in workers.processes:
            await asyncio.to_thread(process.join, 30)
            process.kill()  # whoever is not through by then must not run on beside the next contender


async def _joined(ground: Ground, group: str, count: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.kafka.bootstrap)
    await admin.start()
    try:

        async def shared() -> bool:
            try:
                (answer,) = await admin.describe_consumer_groups([group])
            except GroupCoordinatorNotAvailableError:  # nobody has asked for the group yet
                return False
            _, _, state, _, _, members, *_ = answer.groups[0]
            return state == _STABLE and len(members) == count

        await until(shared, every_s=0.1)
    finally:
        await admin.close()


async def acknowledged(ground: Ground, settings: ServiceSettings, records: int) -> None:
    """Wait until the group has acknowledged so many records, over all its partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.kafka.bootstrap)
    await admin.start()
    try:

        async def through() -> bool:
            offsets = await admin.list_consumer_group_offsets(f"{settings.topic_prefix}hansa.commission")
            return bool(sum(max(each.offset, 0) for each in offsets.values()) == records)

        await until(through, every_s=0.05)
    finally:
        await admin.close()


def work(settings: dict[str, object]) -> None:
    """A worker until it is terminated."""
    quietly()

    async def run() -> None:
        service = build(Settings.model_validate(settings), clock=SystemClock())
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        await service.start_worker()
        await ended.wait()
        await service.stop()

    loops.run(run())
