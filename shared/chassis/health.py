"""Whether a process can do its work now: named checks for readiness. Liveness asks nothing of the outside world."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from shared.chassis.database.engine import Database
from shared.chassis.database.migrating import head

Check = Callable[[], Awaitable[None]]
_TIMEOUT_S = 3.0


class Unready(Exception):
    """A check's answer when it fails; the text is shown."""


@dataclass(frozen=True, slots=True)
class Report:
    """The checks' outcome: "ok" or what is wrong, by name."""

    checks: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether every check passed."""
        return all(outcome == "ok" for outcome in self.checks.values())


class Health:
    """A process's readiness. A check returns if all is well and raises if not; it is given three seconds."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Make readiness depend on `check`."""
        self._checks[name] = check

    async def report(self) -> Report:
        """Run every check at once."""
        outcomes = await asyncio.gather(*(_outcome(check) for check in self._checks.values()))
        return Report(dict(zip(self._checks, outcomes, strict=True)))


async def _outcome(check: Check) -> str:
    try:
        await asyncio.wait_for(check(), _TIMEOUT_S)
    except Unready as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in a check means that the thing is not ready
        return type(error).__name__  # the message may hold an address or a password
    return "ok"


def database_current(database: Callable[[], Database], migrations: Path) -> Check:
    """The database answers and stands at the newest revision that this code knows."""
    expected: list[str | None] = []

    async def check() -> None:
        if not expected:
            expected.append(await asyncio.to_thread(head, migrations))
        async with database().engine.connect() as connection:
            found = await connection.scalar(text("select version_num from alembic_version"))
        if found != expected[0]:
            raise Unready(f"migrations: database at {found}, code at {expected[0]}")

    return check
