"""The nightly self-check: a slice of the partners a day is replayed and compared, so that within the set days everyone was."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql as pg

from services.commission.store.tables_self_check import self_checks
from services.commission.use_cases.replay import Asked, Replay, Replayed, ReplayRunning
from shared.chassis.clock import Clock
from shared.chassis.database import Database
from shared.chassis.leadership import Leadership
from shared.chassis.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)
_NIGHTLY = timedelta(days=1)
_LOOK_EVERY_S = 300.0
_PORTION, _PAUSE_S = 200, 0.1  # a portion holds up what else the process does for some milliseconds
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """What a slice's last check found."""

    slice: int
    slices: int
    checked_at: datetime


def due(checks: list[Check], *, slices: int, now: datetime) -> int | None:
    """The slice to check now: one never checked, else the oldest, if the last check was a day ago or the oldest is overdue."""
    known = {check.slice: check.checked_at for check in checks if check.slices == slices}
    if known and now - max(known.values()) < _NIGHTLY and now - min(known.values()) < slices * _NIGHTLY:
        return None
    never = next((number for number in range(slices) if number not in known), None)
    return min(known, key=known.__getitem__) if never is None else never


class SelfCheck:
    """Runs in whichever process leads, on connections of its own and slowly; a check that is cut short goes on where it was.

    What it finds is kept, logged and exported: `hansa_commission_replay_differences` counts figures of partners that differ.
    """

    def __init__(self, database: Callable[[], Database], *, clock: Clock, metrics: Metrics, days: int) -> None:
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._days = days
        self._leadership: Leadership | None = None

    async def start(self) -> None:
        """Begin to stand for election, unless it is switched off."""
        if self._days:
            self._leadership = Leadership(self._database().url, name="commission-self-check", lead=self._lead)
            await self._leadership.start()

    async def stop(self) -> None:
        """End the term; what was under way goes on at the next start."""
        if self._leadership is not None:
            await self._leadership.stop()

    async def run_due(self) -> Replayed | None:
        """Check the slice that is due; None if none is."""
        number = due(await self._checks(), slices=self._days, now=self._clock.now())
        if number is None:
            return None
        found = await Replay(self._database().url, Asked(part=(number, self._days)), size=_PORTION, pause=_gently).run()
        await self._keep(number, found)
        return found

    async def _lead(self, connection: asyncpg.Connection) -> None:
        await self._show()
        while True:
            try:
                await self.run_due()
            except ReplayRunning:
                _log.info("self_check_elsewhere")
            await asyncio.sleep(_LOOK_EVERY_S)
            await connection.fetchval("select 1")  # a leader whose lock is gone must not go on

    async def _checks(self) -> list[Check]:
        columns = self_checks.c
        async with self._database().transaction() as uow:
            rows = await uow.execute(sa.select(columns.slice, columns.slices, columns.checked_at).where(columns.slices == self._days))
            return [Check(row.slice, row.slices, row.checked_at) for row in rows.all()]

    async def _keep(self, number: int, found: Replayed) -> None:
        differing = len(found.comparison.differing) + len(found.refused)
        told = "; ".join(f"{each.kind} {each.key} of {each.partner_id}" for each in found.comparison.differences[:_SHOWN])
        if differing:
            _log.error("ledger_differs_from_its_journal", slice=number, differences=differing, first=told, refused=found.refused[:_SHOWN])
        row = {"slices": self._days, "checked_at": self._clock.now(), "facts": found.facts, "differences": differing, "found": told}
        async with self._database().transaction() as uow:
            await uow.execute(sa.delete(self_checks).where(self_checks.c.slices != self._days))
            kept = pg.insert(self_checks).values(slice=number, **row)
            await uow.execute(kept.on_conflict_do_update(index_elements=[self_checks.c.slice], set_=row))
        await self._show()

    async def _show(self) -> None:
        async with self._database().transaction() as uow:
            rows = await uow.execute(sa.select(sa.func.coalesce(sa.func.sum(self_checks.c.differences), 0)))
            self._metrics.replay_differences.set(int(rows.scalar_one()))


async def _gently() -> None:
    await asyncio.sleep(_PAUSE_S)
