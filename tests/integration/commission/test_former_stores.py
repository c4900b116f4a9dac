"""Stores that an earlier release wrote: they read and compare the same, and its migration makes of them what this release writes."""

import importlib.util
from datetime import timedelta
from types import ModuleType

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from services.commission.use_cases.replay import Asked, Replay
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service
from shared.schemas.base import Event
from tests.integration.commission.facts import NOW, closed, conflict_decided, conflict_opened, refunded, rows, take_in
from tests.integration.commission.parties import Parties
from tests.support.migrations import downgrade

OPENED = conflict_opened(1, 1)
TABLES = """
select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = 'public'
    and relname not in ('alembic_version', 'deal_conflicts', 'outbox') order by 1"""
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


@pytest.mark.parametrize("told", [(closed(1, 100_00), OPENED), (OPENED, closed(1, 100_00))], ids=["held later", "held from the start"])
async def test_books_when_taken_back_before_conflicts_and_forward_then_what_was_earned_is_there_and_is_let_go_when_decided(
    parties: Parties, told: tuple[Event, ...]
) -> None:
    await take_in(parties.service, *told, closed(2, 100_00))
    await parties.time(NOW + timedelta(days=60))
    before = await _known_to_the_former_release(parties.service)
    assert await parties.balance() == (15_00, 15_00, 0, 0)
    await downgrade(parties.service, "0017")
    await parties.service.migrate()
    assert await _known_to_the_former_release(parties.service) == before
    assert (await parties.balance(), await parties.audited()) == ((15_00, 15_00, 0, 0), True)
    await take_in(parties.service, conflict_decided(1, 1))
    await parties.time(NOW + timedelta(days=60))
    assert await parties.balance() == (0, 30_00, 0, 0)


async def test_conflicts_when_taken_back_and_forward_while_they_are_open_then_each_is_known_and_the_last_lets_go(parties: Parties) -> None:
    await take_in(parties.service, closed(1, 100_00), OPENED, conflict_opened(2, 1), conflict_opened(3, 3))
    before = await _conflicts(parties.service)
    for _ in range(2):
        await downgrade(parties.service, "0017")
        await parties.service.migrate()
    assert await _conflicts(parties.service) == before
    await take_in(parties.service, closed(3, 100_00), conflict_decided(1, 1))
    await parties.time(NOW + timedelta(days=60))
    assert await parties.balance() == (30_00, 0, 0, 0), "the second holds what the first did, the third what came since"
    await take_in(parties.service, conflict_decided(2, 1), conflict_decided(3, 3))
    await parties.time(NOW + timedelta(days=60))
    assert (await parties.balance(), await parties.audited()) == ((0, 30_00, 0, 0), True)


async def _conflicts(service: Service) -> list[object]:
    marks = "select id, contested_at from entries order by seq"
    return [await rows(service, "select to_jsonb(c)::text from deal_conflicts c order by 1"), await rows(service, marks)]


async def _known_to_the_former_release(service: Service) -> list[object]:
    names = [row[0] for row in await rows(service, TABLES)]
    return [await rows(service, f"select (to_jsonb(t) - 'contested_at')::text from {name} t order by 1") for name in names]
