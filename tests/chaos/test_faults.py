"""Each fault once, on real processes under load; every test ends with the same audit."""

import asyncio

from tests.chaos.arena import API, ROLES, Arena

DEALS = 180


async def test_a_process_when_killed_at_random_moments_under_load_then_nothing_is_lost_or_doubled(arena: Arena) -> None:
    running = await arena.start_all()
    telling = asyncio.create_task(arena.tell(DEALS))
    for victim in arena.chance.sample(ROLES, 4):
        await asyncio.sleep(arena.chance.uniform(0.3, 1.5))
        running[victim].kill()
        running[victim] = arena.start(victim)
    await telling
    await arena.settle()
    await arena.audit()


async def test_a_worker_when_killed_between_commit_and_acknowledge_then_the_repeat_has_no_effect(arena: Arena) -> None:
    for name in (API, "tiering"):
        arena.start(name)
    doomed = {name: arena.start(name, fail_points="consumer.committed:1") for name in ("registration", "commission")}
    telling = asyncio.create_task(arena.tell(DEALS))
    for name, worker in doomed.items():
        await worker.died()
        arena.start(name)
    await telling
    await arena.settle()
    await arena.audit()


async def test_a_relay_when_killed_between_answer_and_mark_then_the_repeat_has_no_effect(arena: Arena) -> None:
    for name in (API, "commission", "tiering"):
        arena.start(name)
    doomed = arena.start("registration", fail_points="relay.sent:1")
    telling = asyncio.create_task(arena.tell(DEALS))
    await doomed.died()
    arena.start("registration")
    await telling
    await arena.settle()
    await arena.audit()


async def test_kafka_when_killed_and_restarted_under_load_then_nothing_is_lost_or_doubled(arena: Arena) -> None:
    await arena.start_all()
    telling = asyncio.create_task(arena.tell(DEALS))
    await asyncio.sleep(2)
    await asyncio.to_thread(arena.servers.kafka.kill)
    await asyncio.sleep(1)
    await asyncio.to_thread(arena.servers.kafka.start)
    await telling
    await arena.settle()
    await arena.audit()


async def test_workers_when_started_before_kafka_then_they_wait_and_nothing_is_lost(arena: Arena) -> None:
    await asyncio.to_thread(arena.servers.kafka.kill)
    running = [arena.start(name) for name in ROLES]
    telling = asyncio.create_task(arena.tell(20, pace_s=0.2))
    await asyncio.sleep(4)
    assert all(worker.running for worker in running)
    await asyncio.to_thread(arena.servers.kafka.start)
    await telling
    await arena.settle()
    await arena.audit()


async def test_postgres_when_stopped_at_once_and_restarted_under_load_then_nothing_is_lost_or_doubled(arena: Arena) -> None:
    await arena.start_all()
    telling = asyncio.create_task(arena.tell(DEALS))
    await asyncio.sleep(2)
    await asyncio.to_thread(arena.servers.postgres.stop, mode="immediate")
    await asyncio.sleep(1)
    await asyncio.to_thread(arena.servers.postgres.start)
    await telling
    await arena.settle()
    await arena.audit()


async def test_a_second_worker_when_it_joins_and_leaves_under_load_then_nothing_is_lost_or_doubled(arena: Arena) -> None:
    await arena.start_all()
    telling = asyncio.create_task(arena.tell(DEALS))
    for _ in range(2):
        second = arena.start("commission")
        await asyncio.sleep(arena.chance.uniform(2.0, 4.0))
        await asyncio.to_thread(second.stop)
    await telling
    await arena.settle()
    await arena.audit()


async def test_a_worker_when_frozen_past_its_session_and_thawed_then_nothing_is_lost_or_doubled(arena: Arena) -> None:
    running = await arena.start_all()
    telling = asyncio.create_task(arena.tell(DEALS))
    await asyncio.sleep(1.5)
    running["commission"].freeze()
    arena.start("commission")
    await asyncio.sleep(8)  # past the session timeout of 6 s: its partitions go to the other
    running["commission"].thaw()
    await telling
    await arena.settle()
    await arena.audit()
