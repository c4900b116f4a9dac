"""Seeded mixtures of faults: `bin/hansa test chaos --runs 20` runs twenty; the seed stands in the test's name."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.chaos.arena import ROLES, SERVICES, Arena, WorkerProcess

RUNS = int(os.environ.get("HANSA_CHAOS_RUNS", "1"))
FIRST_SEED = int(os.environ.get("HANSA_CHAOS_SEED", "0")) or int(time.time())
DEALS, FAULTS = 200, 4


class Mixture:
    """Faults at random moments; each leaves the system able to go on."""

    def __init__(self, arena: Arena, running: dict[str, WorkerProcess]) -> None:
        self.arena = arena
        self.running = running

    async def kill_process(self) -> None:
        victim = self.arena.chance.choice(ROLES)
        self.running[victim].kill()
        self.running[victim] = self.arena.start(victim)

    async def freeze_process(self) -> None:
        victim = self.running[self.arena.chance.choice(ROLES)]
        victim.freeze()
        await asyncio.sleep(self.arena.chance.uniform(1, 8))
        victim.thaw()

    async def join_and_leave(self) -> None:
        second = self.arena.start(self.arena.chance.choice(SERVICES))
        await asyncio.sleep(self.arena.chance.uniform(1, 4))
        await asyncio.to_thread(second.stop)

    async def restart_kafka(self) -> None:
        await asyncio.to_thread(self.arena.servers.kafka.kill)
        await asyncio.to_thread(self.arena.servers.kafka.start)

    async def restart_postgres(self) -> None:
        await asyncio.to_thread(self.arena.servers.postgres.stop, mode="immediate")
        await asyncio.to_thread(self.arena.servers.postgres.start)


@pytest.mark.mixture
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + RUNS))
async def test_a_mixture_of_faults_when_over_then_nothing_is_lost_or_doubled(arena: Arena) -> None:
    mixture = Mixture(arena, await arena.start_all())
    faults: list[Callable[[], Awaitable[None]]] = [
        mixture.kill_process,
        mixture.kill_process,
        mixture.freeze_process,
        mixture.join_and_leave,
        mixture.restart_kafka,
        mixture.restart_postgres,
    ]
    telling = asyncio.create_task(arena.tell(DEALS))
    for _ in range(FAULTS):
        await asyncio.sleep(arena.chance.uniform(0.2, 2.0))
        await arena.chance.choice(faults)()
    await telling
    await arena.settle(within_s=150)
    await arena.audit()
