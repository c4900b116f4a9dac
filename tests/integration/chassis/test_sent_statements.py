"""Statements that a transaction sends without waiting: in order, their errors told by what comes next, none left behind."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.chassis.database import Database, UnitOfWork
from shared.chassis.database.faults import is_transient
from shared.chassis.leadership import plain_dsn
from tests.integration.chassis.single import NOW, SET, left_behind

_SLOW = "select set_config('hansa.test', 'slow', true), pg_sleep(0.1)"


async def test_sent_statement_when_others_follow_then_they_see_what_it_did(only: Database) -> None:
    async with only.transaction() as uow:
        await uow.send(_SLOW)
        assert (await uow.fetch(NOW))[0][0] == "slow"
        await uow.send(_SLOW)
        await uow.send(SET, "last")
        assert (await uow.execute(sa.text(NOW))).scalar() == "last"
        await uow.send(_SLOW)
        assert [row[0] async for row in await uow.stream(sa.text(NOW), portion=1)] == ["slow"]


async def test_sent_statement_when_it_is_under_way_then_the_block_goes_on(only: Database) -> None:
    loop = asyncio.get_running_loop()
    async with only.transaction() as uow:
        began = loop.time()
        await uow.send("select pg_sleep(1)")
        assert loop.time() - began < 0.5
        await uow.fetch("select 1")
        assert loop.time() - began > 0.9


async def _claim(uow: UnitOfWork, *, twice: bool) -> None:
    await uow.fetch("create temporary table claimed (id int primary key) on commit drop")
    await uow.send("insert into claimed select 1")
    if twice:
        await uow.send("insert into claimed select 1")


@pytest.mark.parametrize("follows", ["fetch", "execute", "send", "commit"])
async def test_sent_statement_when_it_fails_then_what_comes_next_says_so_and_nothing_is_kept(only: Database, follows: str) -> None:
    async def run() -> None:
        async with only.transaction() as uow:
            await _claim(uow, twice=True)
            if follows == "execute":
                await uow.execute(sa.text("select 1"))
            elif follows != "commit":
                await getattr(uow, follows)("select 1")
            if follows in ("fetch", "execute"):  # who sends waits for nothing: the commit tells
                raise AssertionError("the error was lost")

    with pytest.raises(IntegrityError):
        await run()
    assert await left_behind(only) == ""


async def test_sent_statements_when_several_are_under_way_then_they_run_in_order_and_nobody_waits(only: Database) -> None:
    loop = asyncio.get_running_loop()
    async with only.transaction() as uow:
        await uow.fetch("create temporary table written (n int, at timestamptz default clock_timestamp()) on commit drop")
        began = loop.time()
        for number in range(4):
            await uow.send("insert into written select $1::int from pg_sleep(0.1)", number)
        assert loop.time() - began < 0.1
        assert [row[0] for row in await uow.fetch("select n from written order by at")] == [0, 1, 2, 3]


async def test_sent_statement_when_one_before_it_failed_then_it_is_not_run_and_the_first_error_is_told(only: Database) -> None:
    heard: list[str] = []
    only.listeners.append(lambda sql, _: heard.append(sql))

    async def run() -> None:
        async with only.transaction() as uow:
            await uow.send("select 1 / 0")
            await uow.send("select no_such_function()")
            await uow.send("select 3")

    try:
        with pytest.raises(DBAPIError, match="division by zero"):
            await run()
    finally:
        only.listeners.pop()
    assert "select 1 / 0" in heard
    assert not {"select no_such_function()", "select 3"} & set(heard)
    assert await left_behind(only) == ""


async def _send_and_fail(database: Database, statement: str) -> None:
    async with asyncio.timeout(5), database.transaction() as uow:
        await uow.send(statement)
        await uow.send(SET, "never")
        raise ZeroDivisionError


async def test_block_when_it_fails_while_a_statement_is_under_way_then_its_own_error_is_told_and_nothing_stays(only: Database) -> None:
    for statement in (_SLOW, "select 1 / 0", "select pg_sleep(60)"):
        with pytest.raises(ZeroDivisionError):
            await _send_and_fail(only, statement)
        assert await asyncio.wait_for(left_behind(only), timeout=5) == ""


async def _sleep(database: Database, *, waits: bool) -> None:
    async with database.transaction() as uow:
        await uow.fetch(SET, "set")
        await uow.send("select pg_sleep(60)")
        await uow.send(SET, "never")
        await (uow.fetch("select 1") if waits else asyncio.sleep(60))


@pytest.mark.parametrize("waits", [True, False], ids=["in the next statement", "between the two"])
async def test_transaction_when_cancelled_while_a_statement_is_under_way_then_its_connection_serves_the_next(
    only: Database, waits: bool
) -> None:
    task = asyncio.create_task(_sleep(only, waits=waits))
    await asyncio.sleep(0.2)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(left_behind(only), timeout=5) == ""


async def _part_that_claims_twice(uow: UnitOfWork) -> None:
    async with uow.savepoint():
        await uow.send(SET, "inner")
        await _claim(uow, twice=True)


async def test_part_when_a_statement_it_sent_fails_then_it_is_undone_alone(only: Database) -> None:
    async with only.transaction() as uow:
        await uow.send(SET, "outer")
        with pytest.raises(IntegrityError):
            await _part_that_claims_twice(uow)
        assert (await uow.fetch(NOW))[0][0] == "outer"


async def test_part_when_it_fails_while_a_statement_is_under_way_then_it_is_undone_alone(only: Database) -> None:
    async with only.transaction() as uow:
        await uow.fetch(SET, "outer")
        for statement in (_SLOW, "select 1 / 0", "select pg_sleep(60)"):
            with suppress(ZeroDivisionError):
                async with asyncio.timeout(5), uow.savepoint():
                    await uow.send(statement)
                    await uow.send(SET, "never")
                    raise ZeroDivisionError
            assert (await uow.fetch(NOW))[0][0] == "outer"


async def test_part_when_it_begins_behind_a_sent_statement_that_fails_then_all_is_undone(only: Database) -> None:
    async def run() -> None:
        async with only.transaction() as uow:
            await _claim(uow, twice=True)
            async with uow.savepoint():
                raise AssertionError("the error was lost")

    with pytest.raises(IntegrityError):
        await run()
    assert await left_behind(only) == ""


async def test_backend_when_ended_under_a_sent_statement_then_the_fault_passes_and_the_next_has_a_new_one(only: Database) -> None:
    killer = await asyncpg.connect(plain_dsn(only.url))

    async def run() -> None:
        async with only.transaction() as uow:
            [[backend]] = await uow.fetch("select pg_backend_pid()")
            await uow.send("select pg_sleep(60)")
            await killer.fetch("select pg_terminate_backend($1, 5000)", backend)

    with pytest.raises(DBAPIError) as raised:
        await run()
    await killer.close()
    assert is_transient(raised.value)
    assert await left_behind(only) == ""
