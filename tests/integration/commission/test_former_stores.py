"""Stores that an earlier release wrote: they read and compare the same, and its migration makes of them what this release writes."""

import importlib.util
from types import ModuleType

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

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


async def test_sales_when_in_the_text_of_a_former_release_then_read_right_and_compared_equal(commission: Service) -> None:
    """A worker of that release may write it beside this one, before its migration and after."""
    await take_in(commission, closed(1, 90_000_00), closed(2, 500_00), refunded(1, 40_00))
    fresh = await Replay(commission.platform.settings.worker_url, Asked()).run()
    await _as_owner(commission, OLD)
    await _as_owner(commission, "update deals set sale = jsonb_set(sale, '{detail}', 'null')")  # which knew no times of refunds

    found = await Replay(commission.platform.settings.worker_url, Asked()).run()
    assert found.same
    assert found.comparison.stored_hash == found.comparison.rebuilt_hash == fresh.comparison.stored_hash
    await take_in(commission, refunded(1, 89_960_00))
    assert await rows(commission, "select sum(amount_minor)::bigint from entries") == [(75_00,)]
    assert (await Replay(commission.platform.settings.worker_url, Asked()).run()).same


async def test_sale_when_in_the_former_text_and_wrong_then_it_alone_is_told(commission: Service) -> None:
    await take_in(commission, closed(1, 90_000_00), closed(2, 500_00))
    await _as_owner(commission, OLD)
    await _as_owner(commission, "update deals set sale = jsonb_set(sale, '{amount}', '50001') where (sale->>'amount')::bigint = 50000")

    (difference,) = (await Replay(commission.platform.settings.worker_url, Asked()).run()).comparison.differences
    assert (difference.kind, difference.stored is not None and difference.stored["sale"]["amount"]) == ("deal", 50001)  # type: ignore[index]


async def test_sales_when_migrated_in_portions_then_as_replay_writes_them_now(commission: Service) -> None:
    await take_in(commission, closed(1, 90_000_00), closed(2, 500_00), closed(3, 100), refunded(1, 40_00))
    before = await rows(commission, "select deal_id, sale::text from deals order by 1")
    await _as_owner(commission, OLD)
    migration = _migration(commission, "0014_documents_of_deals")
    engine = create_async_engine(commission.platform.settings.migrator_url)
    try:
        async with engine.begin() as connection:
            portions = await connection.run_sync(lambda sync: migration.rewrite(sync, most=2))
    finally:
        await engine.dispose()
    assert portions == 2
    assert await rows(commission, "select deal_id, sale::text from deals order by 1") == before


async def _as_owner(service: Service, statement: str) -> None:
    owner = await asyncpg.connect(plain_dsn(service.platform.settings.migrator_url))
    try:
        await owner.execute(statement)
    finally:
        await owner.close()
