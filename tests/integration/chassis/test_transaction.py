"""One transaction on the driver itself: whatever happens to it, nothing of it stays behind on the connection."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.chassis.database import Database
from shared.chassis.database.faults import is_transient
from shared.chassis.database.transaction import TransactionLost
from shared.chassis.database.unit_of_work import UnitOfWork
from shared.chassis.leadership import plain_dsn
from tests.integration.chassis.single import NOW, SET, left_behind


async def test_statements_of_both_kinds_when_in_one_transaction_then_they_see_each_other(only: Database) -> None:
    async with only.transaction() as uow:
        await uow.fetch(SET, "set")
        assert (await uow.execute(sa.text(NOW))).scalar() == "set"
        await uow.execute(sa.text("select set_config('hansa.test', 'again', true)"))
        assert (await uow.fetch(NOW))[0][0] == "again"
    assert await left_behind(only) == ""


async def _set_and_raise(database: Database, error: type[BaseException]) -> None:
    async with database.transaction() as uow:
        await uow.fetch(SET, "set")
        raise error


@pytest.mark.parametrize("error", [ZeroDivisionError, asyncio.CancelledError, KeyboardInterrupt])
async def test_transaction_when_its_block_raises_then_it_is_rolled_back(only: Database, error: type[BaseException]) -> None:
    with pytest.raises(error):
        await _set_and_raise(only, error)
    assert await left_behind(only) == ""


async def test_transaction_when_cancelled_in_the_midst_of_a_statement_then_its_connection_serves_the_next(only: Database) -> None:
    async def sleep() -> None:
        async with only.transaction() as uow:
            await uow.fetch(SET, "set")
            await uow.fetch("select pg_sleep(60)")

    task = asyncio.create_task(sleep())
    await asyncio.sleep(0.2)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(left_behind(only), timeout=5) == ""


async def test_many_when_cancelled_while_they_wait_for_a_connection_then_none_is_lost(only: Database) -> None:
    await left_behind(only)
    tasks = [asyncio.create_task(left_behind(only)) for _ in range(20)]
    await asyncio.sleep(0.001)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert found[1::2] == [""] * 10
    assert await asyncio.wait_for(left_behind(only), timeout=5) == ""


async def _divide(uow: UnitOfWork) -> None:
    await uow.fetch("select 1 / 0")


async def _divide_and_go_on(database: Database) -> None:
    async with database.transaction() as uow:
        with suppress(DBAPIError):
            await _divide(uow)


async def test_error_when_somebody_catches_it_and_goes_on_then_the_commit_says_that_nothing_was_kept(only: Database) -> None:
    with pytest.raises(TransactionLost):
        await _divide_and_go_on(only)


async def test_part_when_it_fails_then_it_is_undone_alone(only: Database) -> None:
    async with only.transaction() as uow:
        await uow.fetch(SET, "outer")
        with suppress(DBAPIError):
            async with uow.savepoint():
                await uow.fetch(SET, "inner")
                await _divide(uow)
        assert (await uow.fetch(NOW))[0][0] == "outer"
        async with uow.savepoint(), uow.savepoint():
            await uow.fetch(SET, "kept")
        assert (await uow.fetch(NOW))[0][0] == "kept"


async def _ended_within(database: Database, *, is_core: bool) -> None:
    killer = await asyncpg.connect(plain_dsn(database.url))
    async with database.transaction() as uow:
        [[backend]] = await uow.fetch("select pg_backend_pid()")
        await killer.fetch("select pg_terminate_backend($1, 5000)", backend)
        await killer.close()
        await (uow.execute(sa.text("select 1")) if is_core else uow.fetch("select 1"))


@pytest.mark.parametrize("is_core", [False, True], ids=["by hand", "Core"])
async def test_backend_when_ended_under_a_transaction_then_the_fault_passes_and_the_next_has_a_new_one(
    only: Database, is_core: bool
) -> None:
    with pytest.raises(DBAPIError) as raised:
        await _ended_within(only, is_core=is_core)
    assert is_transient(raised.value)
    assert await left_behind(only) == ""


async def test_backend_when_ended_at_rest_then_one_transaction_fails_in_passing_and_the_next_succeeds(only: Database) -> None:
    killer = await asyncpg.connect(plain_dsn(only.url))
    async with only.transaction() as uow:
        [[backend]] = await uow.fetch("select pg_backend_pid()")
    await killer.fetch("select pg_terminate_backend($1, 5000)", backend)
    await killer.close()
    with pytest.raises(DBAPIError) as raised:
        await left_behind(only)
    assert is_transient(raised.value)
    assert await left_behind(only) == ""


@pytest.mark.parametrize(
    ("refusal", "passes"), [(asyncpg.CannotConnectNowError("starting up"), True), (asyncpg.InvalidPasswordError("no"), False)]
)
async def test_server_when_it_refuses_a_connection_then_the_error_says_whether_that_may_pass(
    only: Database, monkeypatch: pytest.MonkeyPatch, refusal: Exception, passes: bool
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr(asyncpg, "connect", refuse)
    with pytest.raises(DBAPIError) as raised:
        await left_behind(only)
    monkeypatch.undo()
    assert is_transient(raised.value) is passes
    assert await left_behind(only) == ""


async def test_value_when_it_does_not_fit_then_the_fault_stays_and_the_value_is_not_told(only: Database) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with only.transaction() as uow:
            await uow.fetch("select $1::int", "ann@customer.example")
    assert not is_transient(raised.value)
    assert "ann@customer.example" not in repr(raised.value) + str(raised.value)


async def test_plans_when_kept_for_a_while_then_those_before_and_behind_are_made_as_the_transaction_said(only: Database) -> None:
    mode = "select current_setting('plan_cache_mode')"

    async def modes(uow: UnitOfWork) -> list[str]:
        before = (await uow.fetch(mode))[0][0]
        async with uow.plans_kept():
            within = (await uow.fetch(mode))[0][0]
        return [before, within, (await uow.fetch(mode))[0][0]]

    async with only.transaction() as uow:
        assert await modes(uow) == ["auto", "auto", "auto"]
        await uow.plan_for_arrays()
        assert await modes(uow) == ["force_custom_plan", "auto", "force_custom_plan"]
    async with only.transaction() as uow:
        assert await modes(uow) == ["auto", "auto", "auto"]
