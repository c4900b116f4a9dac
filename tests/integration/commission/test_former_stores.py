"""Stores that an earlier release wrote: its migration makes of them what this release would have written."""

import importlib.util
from types import ModuleType

import asyncpg

from services.commission.use_cases.replay import Asked, Replay
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service
from tests.integration.commission.facts import closed, refunded, rows, take_in

OLD = """
update deals set sale = replace(replace(sale::text, 'Z"', '+00:00"'), '"rerated": null, ', '')::jsonb"""


def _migration(service: Service, name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location("migration", service.migrations / "versions" / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


async def test_sales_when_written_by_a_former_release_then_migrated_to_what_replay_writes(commission: Service) -> None:
    await take_in(commission, closed(1, 90_000_00), closed(2, 500_00), refunded(1, 40_00))
    before = await rows(commission, "select deal_id, sale::text from deals order by 1")
    owner = await asyncpg.connect(plain_dsn(commission.platform.settings.migrator_url))
    try:
        await owner.execute(OLD)
        assert not (await Replay(commission.platform.settings.worker_url, Asked()).run()).same
        await owner.execute(_migration(commission, "0014_documents_of_deals").REWRITE)
    finally:
        await owner.close()

    assert await rows(commission, "select deal_id, sale::text from deals order by 1") == before
    assert (await Replay(commission.platform.settings.worker_url, Asked()).run()).same
