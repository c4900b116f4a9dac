"""The stage that every test of a service stands on: emptied stores, topics of its own, services that run."""

import asyncpg
import httpx2

from shared.chassis.testing import eventually
from shared.chassis.testing.stage import Stage


async def _count(stage: Stage, sql: str) -> int:
    settings = await stage.settings_for("partners", kafka=False)
    connection = await asyncpg.connect(settings.worker_url.replace("+asyncpg", ""))
    try:
        count: int = await connection.fetchval(sql)
        return count
    finally:
        await connection.close()


async def test_store_when_a_test_begins_then_it_holds_its_seed_alone(stage: Stage) -> None:
    for _ in range(2):  # whichever test of this module comes first, the next must not see its rows
        assert await _count(stage, "select count(*) from outbox") == 0
        assert await _count(stage, "select count(*) from policies") == 1


async def test_service_when_launched_without_a_worker_then_it_answers_ready(stage: Stage) -> None:
    partners = await stage.launch("partners", worker=False)
    answer: httpx2.Response = await stage.client(partners, role=None).get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (200, "ok")


async def test_service_when_launched_with_a_worker_then_it_becomes_healthy(stage: Stage) -> None:
    partners = await stage.launch("partners")

    async def ready() -> bool:
        return (await partners.worker_health.report()).ready

    await eventually(ready, what="the worker's readiness")


async def test_wire_when_a_record_is_sent_then_it_is_read_back_from_this_tests_topic(stage: Stage) -> None:
    wire = await stage.wire()
    await wire.send("deal.closed", b"{}", key=b"k", headers=[("ce_id", b"1")])
    (record,) = await wire.read("deal.closed")
    assert (record.topic, record.key, record.value) == (f"{stage.topic_prefix}deal.closed", b"k", b"{}")
