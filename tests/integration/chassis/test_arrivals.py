"""Facts that wait for what no event brings: taken up by the worker itself, in portions, once the service says it is there."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.chassis.database import UnitOfWork
from shared.chassis.events import Handlers, Incoming
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.chassis.worker import Worker
from shared.schemas.partners import PartnerActivated, PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_STAMP = {"occurred_at": _NOW, "recorded_at": _NOW, "partner_id": UUID(int=1)}


class Probe:
    """Facts named by their reason; each waits for `rate` until the table of policies has a row of that name."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.broken: set[str] = set()
        self.stubborn: set[str] = set()

    async def prepare(self) -> "Probe":
        service = await self.stage.build("partners", kafka=False)
        self.database = service.platform.worker_database
        self.worker = Worker(
            self.database,
            service.platform.settings,
            service="probe",
            handlers=Handlers({PartnerSuspended: self._take}),
            timers=(),
            extras=(),
            metrics=Metrics("probe"),
            arrived=self._arrived,
        )
        return self

    async def _arrived(self, uow: UnitOfWork) -> Sequence[str]:
        return [row[0] for row in await uow.fetch("select distinct recorded_by from policies where recorded_by like 'rate%'")]

    async def _take(self, uow: UnitOfWork, incoming: Incoming[PartnerSuspended]) -> None:
        reason = incoming.event.reason
        if reason in self.stubborn or not await self._arrived(uow):
            await uow.wait_for("rate of the day", incoming, reason="no_rate")
            return
        if reason in self.broken:
            raise ZeroDivisionError("a bug")
        uow.emit(PartnerActivated(**_STAMP, name=reason, partner_type="channel", region="EMEA", enrolled_at=_NOW))

    async def take(self, *reasons: str) -> None:
        told = [Told(PartnerSuspended(**_STAMP, reason=reason)) for reason in reasons]
        await self.worker.processor.process([record(each, number=number) for number, each in enumerate(told)])

    async def arrive(self) -> None:
        await self.rows(
            "insert into policies (version, effective_from, body, recorded_by, reason) values (99, now(), '{}', 'rate of the day', '')"
        )

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        async with self.database.transaction() as uow:
            return [tuple(row) for row in await uow.fetch(sql)]

    async def effects(self) -> list[object]:
        return [row[0] for row in await self.rows("select payload::json->>'name' from outbox order by id")]


@pytest.fixture
async def probe(stage: Stage) -> Probe:
    return await Probe(stage).prepare()


async def test_fact_when_what_it_waits_for_is_there_then_the_timer_takes_it_up_as_it_came(probe: Probe) -> None:
    await probe.take("a", "b")
    await probe.worker.timers.run_due()
    assert await probe.effects() == []
    await probe.arrive()
    await probe.worker.timers.run_due()
    assert await probe.effects() == ["a", "b"]
    assert await probe.rows("select count(*) from waiting_facts") == [(0,)]


async def test_fact_when_it_waits_again_then_the_others_go_on_and_the_round_ends(probe: Probe) -> None:
    await probe.take("stubborn", "a")
    probe.stubborn = {"stubborn"}
    await probe.arrive()
    await probe.worker.timers.run_due()
    assert await probe.effects() == ["a"]
    assert await probe.rows("select reason from waiting_facts") == [("no_rate",)]


async def test_fact_when_it_fails_after_its_wait_then_it_is_parked_and_not_lost(probe: Probe) -> None:
    await probe.take("broken", "a")
    probe.broken = {"broken"}
    await probe.arrive()
    await probe.worker.timers.run_due()
    assert await probe.rows("select error from dead_letters order by id") == [("ZeroDivisionError",), ("parked_behind",)]
    assert await probe.rows("select count(*) from waiting_facts") == [(0,)]


async def test_facts_when_there_are_many_then_a_portion_is_taken_up_at_a_time(probe: Probe) -> None:
    await probe.take(*(f"fact {number}" for number in range(150)))
    await probe.arrive()
    await probe.worker.timers.run_due()
    assert len(await probe.effects()) == 100
    await probe.worker.timers.run_due()
    assert await probe.effects() == [f"fact {number}" for number in range(150)]
