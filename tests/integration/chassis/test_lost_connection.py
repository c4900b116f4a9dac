"""A connection that breaks in the hands of the driver: the work is done again, on another one."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.chassis.database import Database
from shared.chassis.database.faults import is_transient


async def _answer(database: Database, sql: str) -> object:
    async with database.transaction() as uow:
        return (await uow.fetch(sql))[0][0]


async def _cut(*_: object, **__: object) -> None:
    raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def test_connection_when_cut_in_the_middle_of_an_operation_then_the_fault_passes_and_a_new_one_is_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await _answer(database, "select pg_backend_pid()")
    monkeypatch.setattr(asyncpg.Connection, "fetch", _cut)
    with pytest.raises(DBAPIError) as raised:
        await _answer(database, "select 'not prepared yet'")
    monkeypatch.undo()
    assert is_transient(raised.value)
    assert await _answer(database, "select pg_backend_pid()") != before
