"""`hansa run` against a server that will not have it: one sentence instead of a process that never becomes ready."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hansa.embedded.postgres import Postgres

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("run"), durable=False, leash=True)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    ("login", "database", "why"),
    [
        ("postgres:wrong", "postgres", 'password authentication failed for user "postgres"'),
        ("postgres:{password}", "nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_run_when_the_server_refuses_its_address_then_it_says_so_in_one_sentence(
    postgres: Postgres, role: str, login: str, database: str, why: str
) -> None:
    variable = f"HANSA_TIERING_{role.upper()}_URL"
    address = f"postgresql+asyncpg://{login.format(password=postgres.password)}@127.0.0.1:{postgres.port}/{database}"
    done = subprocess.run(
        [sys.executable, "-m", "hansa.cli", "run", "tiering", role],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "300", variable: address},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"hansa: {variable}: PostgreSQL refuses it: {why}."
