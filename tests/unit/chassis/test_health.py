"""Readiness: every check in time, or the name of the one that failed without what it must not tell."""

import asyncio

import pytest

from shared.chassis.health import Health, Unready


async def _fine() -> None:
    return None


async def _stale() -> None:
    raise Unready("migrations: database at 0001, code at 0002")


async def _broken() -> None:
    raise ConnectionRefusedError("postgresql://user:secret@host")


async def _hangs() -> None:
    await asyncio.sleep(60)


async def test_health_when_all_is_well_then_ready() -> None:
    health = Health()
    health.add("database", _fine)

    report = await health.report()

    assert (report.ready, report.checks) == (True, {"database": "ok"})


async def test_health_when_checks_fail_then_told_apart_and_no_secret_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.chassis.health._TIMEOUT_S", 0.05)
    health = Health()
    for name, check in (("migrations", _stale), ("database", _broken), ("kafka", _hangs), ("other", _fine)):
        health.add(name, check)

    report = await health.report()

    assert not report.ready
    assert report.checks == {
        "migrations": "migrations: database at 0001, code at 0002",
        "database": "ConnectionRefusedError",
        "kafka": "TimeoutError",
        "other": "ok",
    }
