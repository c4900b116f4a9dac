"""What a list or a timer reads of a store that is full: what it shows or has to do, not all that was ever there."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from shared.chassis.leadership import plain_dsn
from shared.chassis.testing.stage import Stage
from tests.integration.registration.filled import fill
from tests.integration.registration.world import World

ROWS = 20_000
MOST = 800  # of any table or index: a page, what is fetched to find it, and some that are passed over
TIMES = 7  # from the sixth on the database may plan a statement once for all values
READ = """
select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables
union all select indexrelname, idx_tup_read from pg_stat_user_indexes"""
LISTS = {
    "staff": [
        *("deals", "deals?state=open", "deals?state=in_review", "deals?state=rejected", "deals?conflict=true"),
        *("deals?source=crm", "deals?source=erp", "deals?source=nobody", "deals?source=erp&state=won", "deals?source=nobody&state=open"),
        *("deals?source=crm&external_id=O77", "deals?account_id={account}", "deals?partner_id={partner}"),
        *("approvals", "approvals?state=in_review", "approvals?state=returned", "approvals?overdue=true", "approvals?owner=owner+7"),
        *("extensions", "extensions?state=pending", "extensions?deal_id={deal}", "waiting", "drafts", "accounts"),
        *("leads", "leads?state=shared", "leads?state=aged", "leads?direction=to_vendor", "leads?partner_id={partner}"),
        *("coselling", "coselling?deal_id={deal}", "vendor-claims", "vendor-claims?account_id={account}", "rule-proposals"),
        *("conflicts?kind=overlap", "conflicts?kind=direct_sales", "conflicts?kind=territory_breach", "conflicts?kind=overlap&state=open"),
        *("conflicts", "conflicts?state=open", "conflicts?state=decided", "reviews", "reviews?state=different"),
        *("receipts", "receipts?partner_id={partner}", "receipts/links?from=1&to=50"),
        *("intake/crm/errors", "intake/crm/errors?state=dropped", "intake/crm/errors?state=corrected&external_id=O77"),
        *("intake/crm/gaps", "intake/crm/gaps?filled=true"),
    ],
    "partner": [
        *("deals", "deals?state=rejected", "waiting", "drafts", "leads", "leads?state=aged", "coselling", "coselling?deal_id={deal}"),
        *("conflicts", "conflicts?state=open", "receipts", "extensions", "extensions?state=pending", "extensions?deal_id={deal}"),
    ],
}


class Meter:
    """Counts the rows that are read, by table and index."""

    def __init__(self, world: World, connection: Any) -> None:
        self._world = world
        self._connection = connection

    async def most(self, run: Callable[[], Awaitable[object]], *, times: int = TIMES) -> dict[str, int]:
        """What the last of several runs read more of than it should."""
        for _ in range(times - 1):
            await run()
        before = await self._counts()
        await run()
        after = await self._counts()
        return {name: count - before[name] for name, count in after.items() if count - before[name] > MOST}

    async def _counts(self) -> dict[str, int]:
        for database in (self._world.service.platform.worker_database, self._world.service.platform.api_database):
            async with database.transaction() as uow:
                await uow.fetch("select pg_stat_force_next_flush()")
        return dict(await self._connection.fetch(READ))


_LINE = "offer free accounts"


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await fill(world, ROWS)
    return world


async def connected(world: World) -> Any:
    """The migrator's own connection."""
    return await asyncpg.connect(plain_dsn(world.service.platform.settings.migrator_url))


def _runs(world: World, name: str) -> Callable[[], Awaitable[int]]:
    """One portion of the timer's work."""
    [timer] = [timer for timer in world.service.timers if timer.name == name]

    async def run() -> int:
        async with world.service.platform.worker_database.transaction() as uow:
            return await timer.run(uow)

    return run


async def _targets(world: World) -> list[tuple[str, str]]:
    deal = (await world.partner.get("/v1/deals?limit=1")).json()["items"][0]
    names = {"deal": deal["id"], "account": deal["account_id"], "partner": deal["partner_id"]}
    return [(who, f"/v1/{path.format(**names)}") for who, paths in LISTS.items() for path in paths]


async def test_list_when_the_store_is_full_then_it_reads_little_more_than_it_shows(world: World) -> None:
    connection = await connected(world)
    meter, much = Meter(world, connection), {}
    for who, target in await _targets(world):

        async def ask(who: str = who, target: str = target) -> None:
            answer = await getattr(world, who).get(target)
            assert answer.status_code == 200, (target, answer.text)

        much[who, target] = await meter.most(ask)
    await connection.close()
    assert {place: read for place, read in much.items() if read} == {}


@pytest.mark.parametrize("path", ["conflicts", "accounts", "approvals", "leads", "receipts"])
async def test_list_when_far_into_it_then_a_page_costs_what_the_first_did(world: World, path: str) -> None:
    connection = await connected(world)
    cursor = None
    for _ in range(12):
        cursor = (await world.staff.get(f"/v1/{path}", params={"limit": 250} | ({"next": cursor} if cursor else {}))).json()["next"]
    assert await Meter(world, connection).most(lambda: world.staff.get(f"/v1/{path}", params={"next": cursor})) == {}
    await connection.close()


async def test_partners_list_when_all_but_a_few_of_its_conflicts_are_over_then_those_are_not_read(world: World) -> None:
    over = """
insert into conflict_sides (id, conflict_id, partner_id, deal_ids, account_name, version, kind, opened_on, step, step_due_on, state)
select gen_random_uuid(), gen_random_uuid(), $1, '{}', 'x', 1, 'overlap', date '2020-01-01' + n, 'prevent', date '2020-01-01' + n, 'closed'
from generate_series(1, 3000) n returning 1"""
    await world.rows(over, world.partner_id)
    connection = await connected(world)
    await connection.execute("analyze conflict_sides")
    open_ones = await Meter(world, connection).most(lambda: world.partner.get("/v1/conflicts?state=open"))
    cursor = None
    for _ in range(12):
        cursor = (await world.partner.get("/v1/conflicts", params={"limit": 250} | ({"next": cursor} if cursor else {}))).json()["next"]
    far = await Meter(world, connection).most(lambda: world.partner.get("/v1/conflicts", params={"next": cursor}))
    assert (open_ones, far) == ({}, {})
    await connection.close()


async def test_timer_when_nothing_is_due_in_a_full_store_then_it_reads_next_to_nothing(world: World) -> None:
    await world.policy(quiet={"after_days": 30}, waiting_list={"open": True})
    connection = await connected(world)
    meter, much = Meter(world, connection), {}
    for timer in world.service.timers:
        much[timer.name] = await meter.most(_runs(world, timer.name))
    await connection.close()
    assert {name: read for name, read in much.items() if read} == {}


FREED = 9
LOOKED_AT_NEVER = "update waiting_list set look_at = default where state = 'waiting' returning 1"
# The last of those in line, by which no index is ordered.
FREE = f"""
update protection_slots set during = tstzrange(lower(during), $1) where account_id in (
    select account_id from waiting_list where state = 'waiting' order by id desc limit {FREED}) returning 1"""


async def test_line_when_a_few_accounts_of_a_full_store_are_freed_then_these_are_offered_and_no_others_are_read(world: World) -> None:
    await world.policy(waiting_list={"open": True})
    connection = await connected(world)
    run = _runs(world, _LINE)
    for times in (1, 2):
        assert len(await world.rows(FREE, world.stage.clock.now())) == FREED
        assert await Meter(world, connection).most(run, times=1) == {}
        assert len(await world.told("account.offered")) == times * FREED
    await connection.close()


async def test_line_when_nobody_in_it_was_looked_at_yet_then_all_are_once(world: World) -> None:
    """As after an upgrade of the store."""
    run = _runs(world, _LINE)
    waiting = len(await world.rows(LOOKED_AT_NEVER))
    looked_at = 0
    while portion := await run():
        looked_at += portion
    assert looked_at == waiting
    assert await world.rows("select 1 from waiting_list where state = 'waiting' and look_at <= $1", world.stage.clock.now()) == []


async def test_line_when_all_of_it_is_free_and_no_list_is_kept_then_it_is_left_alone_until_one_is(world: World) -> None:
    connection = await connected(world)
    run = _runs(world, _LINE)
    await world.rows("delete from protection_slots where upper(during) > $1 returning 1", world.stage.clock.now())
    while await run():
        pass
    assert await Meter(world, connection).most(run) == {}
    await connection.close()
    await world.policy(waiting_list={"open": True})
    assert await run() > 0
    assert await world.told("account.offered")
