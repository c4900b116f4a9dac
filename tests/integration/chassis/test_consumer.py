"""The batch consumer on a real broker and store: faults, refusals, waiting, parking, pausing."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError

from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused, Transient
from shared.chassis.events import Handlers, Incoming
from shared.chassis.events.fetching import SafeConsumer
from shared.chassis.events.incoming import Raw
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.testing.records import Told, records
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from shared.chassis.worker import Worker
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_STAMP = {"occurred_at": _NOW, "recorded_at": _NOW}


def _effect(partner: UUID, text: str) -> PartnerActivated:
    return PartnerActivated(**_STAMP, partner_id=partner, name=text, partner_type="channel", region="EMEA", enrolled_at=_NOW)


class TooLate(Refused):
    code = "too_late"
    sentence = "It is too late for {what}."


class Probe:
    """A consumer whose handlers do what an event's reason says, and note what took effect (in the outbox)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.broken = True
        self.faults_left = 3

    async def start(self, **changed: object) -> Worker:
        service = await self.stage.build("partners")
        settings = service.platform.settings.model_copy(update=changed)
        self.database = service.platform.worker_database
        handlers = Handlers(
            {PartnerSuspended: self.on_suspended, PartnerTerminated: self.on_terminated}, locks=lambda i: [f"first:{i.key}"]
        )
        self.worker = Worker(self.database, settings, service="probe", handlers=handlers, timers=(), extras=(), metrics=Metrics("probe"))
        await self.worker.start()
        return self.worker

    async def on_suspended(self, uow: UnitOfWork, incoming: Incoming[PartnerSuspended]) -> None:
        reason = incoming.event.reason
        uow.emit(_effect(incoming.event.partner_id, f"took {reason}"))
        await uow.flush()
        await uow.release(f"first:{incoming.key}")
        if reason == "refuse":
            raise TooLate(what="this")
        if reason == "break" and self.broken:
            raise ZeroDivisionError("a bug")
        if reason == "pass" and self.faults_left:
            self.faults_left -= 1
            raise Transient

    async def on_terminated(self, uow: UnitOfWork, incoming: Incoming[PartnerTerminated]) -> None:
        known = await uow.fetch("select 1 from outbox where aggregateid = $1", incoming.key)
        if not known:
            await uow.wait_for(f"first:{incoming.key}", incoming, reason="not_suspended_yet")
            return
        uow.emit(_effect(incoming.event.partner_id, f"then {incoming.event.reason}"))

    async def effects(self, partner: int) -> list[str]:
        async with self.database.transaction() as uow:
            rows = await uow.fetch("select payload::json->>'name' from outbox where aggregateid = $1 order by id", str(UUID(int=partner)))
            return [row[0] for row in rows]

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        async with self.database.transaction() as uow:
            return [tuple(row) for row in await uow.fetch(sql)]

    async def send(self, *told: PartnerSuspended | PartnerTerminated) -> None:
        raws: list[Raw] = records([Told(event) for event in told])
        wire = await self.stage.wire()
        await wire.send_all([(raw.topic, raw.key, raw.value, raw.headers) for raw in raws])

    def sees(self, partner: int, expected: list[str]) -> Callable[[], object]:
        async def check() -> bool:
            return await self.effects(partner) == expected

        return check


@pytest.fixture
async def probe(stage: Stage) -> AsyncIterator[Probe]:
    probe = Probe(stage)
    yield probe
    await probe.worker.stop()


def suspended(partner: int, reason: str) -> PartnerSuspended:
    return PartnerSuspended(**_STAMP, partner_id=UUID(int=partner), reason=reason)


def terminated(partner: int, reason: str) -> PartnerTerminated:
    return PartnerTerminated(**_STAMP, partner_id=UUID(int=partner), reason=reason)


async def test_a_group_when_it_is_new_then_it_reads_from_the_start(probe: Probe) -> None:
    await probe.send(suspended(1, "a"), suspended(1, "b"))
    await probe.start()
    await eventually(probe.sees(1, ["took a", "took b"]))


async def test_a_refusal_when_among_others_then_recorded_undone_and_the_others_take_effect(probe: Probe) -> None:
    await probe.send(suspended(1, "a"), suspended(1, "refuse"), suspended(1, "b"))
    await probe.start()
    await eventually(probe.sees(1, ["took a", "took b"]))
    assert await probe.rows("select code, message from refusals") == [("too_late", "It is too late for this.")]
    assert await probe.rows("select count(*) from dead_letters") == [(0,)]


async def test_a_passing_fault_when_it_goes_away_then_every_event_takes_effect_once(probe: Probe) -> None:
    await probe.send(suspended(1, "a"), suspended(1, "pass"), suspended(2, "b"))
    await probe.start()
    await eventually(probe.sees(1, ["took a", "took pass"]))
    assert await probe.effects(2) == ["took b"]


async def test_a_passing_fault_when_it_outlasts_the_budget_then_the_batch_comes_again(probe: Probe) -> None:
    probe.faults_left = 8
    await probe.send(suspended(1, "pass"))
    await probe.start(retry_budget_s=0.1)
    await eventually(probe.sees(1, ["took pass"]))
    assert probe.faults_left == 0


async def test_a_bug_when_it_hits_one_event_then_it_is_parked_with_all_behind_it_and_released_in_order(probe: Probe) -> None:
    await probe.send(suspended(1, "a"), suspended(1, "break"), suspended(1, "b"), suspended(2, "other"))
    await probe.start()
    await eventually(probe.sees(2, ["took other"]))
    await probe.send(*[suspended(1, reason) for reason in ("a", "break", "b")], suspended(2, "other"), suspended(1, "c"))
    errors = "select error from dead_letters order by id"
    await eventually(lambda: _equals(probe.rows(errors), [("ZeroDivisionError",), ("parked_behind",), ("parked_behind",)]))
    assert await probe.effects(1) == ["took a"]
    probe.broken = False
    await probe.rows("update dead_letters set state = 'ready' where error = 'ZeroDivisionError'")
    await eventually(probe.sees(1, ["took a", "took break", "took b", "took c"]))
    await eventually(lambda: _equals(probe.rows("select count(*) from parked_streams"), [(0,)]))


async def _equals(answer: object, expected: object) -> bool:
    return await answer == expected  # type: ignore[misc, no-any-return]


async def test_a_parked_event_when_retried_too_early_then_it_is_parked_again_and_counted(probe: Probe) -> None:
    await probe.send(suspended(1, "break"))
    await probe.start()
    await eventually(lambda: probe.rows("select 1 from dead_letters"))
    await probe.rows("update dead_letters set state = 'ready'")
    await eventually(lambda: _equals(probe.rows("select state, attempts from dead_letters"), [("parked", 2)]))


async def test_a_fact_when_its_predecessor_is_missing_then_it_waits_and_follows_in_one_transaction(probe: Probe) -> None:
    await probe.send(terminated(1, "end"))
    await probe.start()
    waiting = "select predecessor, reason from waiting_facts"
    await eventually(lambda: _equals(probe.rows(waiting), [(f"first:{UUID(int=1)}", "not_suspended_yet")]))
    await probe.send(terminated(1, "end"), suspended(1, "a"))
    await eventually(probe.sees(1, ["took a", "then end"]))
    assert await probe.rows("select count(*) from waiting_facts") == [(0,)]


async def test_too_many_parked_when_the_limit_is_reached_then_it_pauses_goes_red_and_resumes_once_settled(probe: Probe) -> None:
    await probe.send(*[suspended(number, "break") for number in range(5)])
    worker = await probe.start(park_limit=5)
    await eventually(lambda: _paused(worker))
    assert not await worker.consuming()
    wire_events = [suspended(number, "break") for number in range(5)]
    await probe.send(*wire_events, suspended(9, "later"))
    assert await probe.effects(9) == []
    await probe.rows("update dead_letters set state = 'discarded'")
    await eventually(probe.sees(9, ["took later"]))
    assert await worker.consuming()


async def test_a_large_batch_when_one_half_must_come_again_then_every_event_takes_effect_once_and_in_order(probe: Probe) -> None:
    """Large batches are taken in as two transactions side by side: what one of them has committed is known at the redelivery."""
    told = [suspended(partner, f"{turn}") for turn in range(10) for partner in range(30)]
    raws = records(
        [Told(event) for event in [*told, suspended(7, "pass"), suspended(8, "break"), suspended(8, "behind"), suspended(9, "refuse")]]
    )
    probe.faults_left = 2
    worker = await probe.start(retry_budget_s=0.0)
    for _ in range(2):
        with pytest.raises(Transient):
            await worker.processor.process(raws)
    await worker.processor.process(raws)
    turns = [f"took {turn}" for turn in range(10)]
    for partner in range(30):
        assert await probe.effects(partner) == [*turns, *(["took pass"] if partner == 7 else [])]
    assert await probe.rows("select error from dead_letters order by id") == [("ZeroDivisionError",), ("parked_behind",)]
    assert await probe.rows("select code from refusals") == [("too_late",)]


async def _paused(worker: Worker) -> bool:
    return worker.processor.breaker.tripped


async def _acknowledged(stage: Stage, group: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=await stage.kafka())
    await admin.start()
    try:
        return sum(max(each.offset, 0) for each in (await admin.list_consumer_group_offsets(group)).values())
    finally:
        await admin.close()


async def test_stop_when_batches_are_through_then_all_of_them_are_acknowledged(stage: Stage, probe: Probe) -> None:
    """Acknowledging goes on behind the work; whoever stops waits for it."""
    await probe.send(*(suspended(1, str(number)) for number in range(60)))
    worker = await probe.start(batch_records=7)
    await eventually(probe.sees(1, [f"took {number}" for number in range(60)]))
    assert worker.consumer is not None

    await worker.stop()

    assert await _acknowledged(stage, worker.consumer.group) == 60


async def test_acknowledgement_when_the_broker_refuses_it_then_the_work_goes_on_and_the_next_one_counts(
    stage: Stage, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[object] = []
    commit = SafeConsumer.commit

    async def refusing(self: SafeConsumer, offsets: object = None) -> None:
        if not refused:
            refused.append(offsets)
            raise CommitFailedError("the group has moved on")
        await commit(self, offsets)

    monkeypatch.setattr(SafeConsumer, "commit", refusing)
    await probe.send(suspended(1, "a"))
    worker = await probe.start()
    await eventually(probe.sees(1, ["took a"]))
    await probe.send(*(suspended(1, reason) for reason in ("a", "b")))
    await eventually(probe.sees(1, ["took a", "took b"]))
    assert worker.consumer is not None
    assert refused

    await worker.stop()

    assert await _acknowledged(stage, worker.consumer.group) == 3
