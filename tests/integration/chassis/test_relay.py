"""The outbox and its relay, on a real broker."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiokafka import ConsumerRecord

from shared.chassis.database.unit_of_work import EventTooLarge
from shared.chassis.events import batching, relay
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from shared.schemas.partners import ContactRecorded, PartnerActivated, PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_STAMP = {"occurred_at": _NOW, "recorded_at": _NOW}


def _suspended(partner: int, reason: str) -> PartnerSuspended:
    return PartnerSuspended(**_STAMP, partner_id=UUID(int=partner), reason=reason)


def _reasons(records: list[ConsumerRecord], partner: int) -> list[str]:
    events = [PartnerSuspended.model_validate_json(r.value) for r in records if r.key == str(UUID(int=partner)).encode()]
    return [event.reason for event in events]


async def _emit(service: Service, *events: PartnerSuspended | PartnerActivated) -> None:
    async with service.platform.worker_database.transaction() as uow:
        for sequence, event in enumerate(events):
            uow.emit(event, sequence=sequence)


async def _emit_and_fail(service: Service) -> None:
    async with service.platform.worker_database.transaction() as uow:
        uow.emit(_suspended(1, "never"))
        raise ZeroDivisionError


async def _unsent(service: Service) -> int:
    async with service.platform.worker_database.transaction() as uow:
        return int((await uow.fetch("select count(*) from outbox where published_at is null"))[0][0])


async def test_events_when_committed_then_published_in_order_per_key(stage: Stage) -> None:
    service = await stage.launch("partners", api=False)
    for number in range(50):
        await _emit(service, *(_suspended(partner, f"{number}") for partner in range(4)))
    wire = await stage.wire()
    records = await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 200)
    assert [_reasons(records, partner) for partner in range(4)] == [[f"{n}" for n in range(50)]] * 4
    await eventually(lambda: _all_sent(service), what="marking")


async def _all_sent(service: Service) -> bool:
    return await _unsent(service) == 0


async def test_a_rolled_back_transaction_when_it_emitted_then_nothing_is_published(stage: Stage) -> None:
    service = await stage.launch("partners", api=False)
    with pytest.raises(ZeroDivisionError):
        await _emit_and_fail(service)
    await _emit(service, _suspended(1, "after"))
    records = await (await stage.wire()).read_until("partner.suspended", enough=lambda found: len(found) >= 1)
    assert _reasons(records, 1) == ["after"]


async def test_a_row_when_it_commits_late_then_it_is_published_too(stage: Stage) -> None:
    """A cursor `id > last` would pass it by."""
    service = await stage.launch("partners", api=False)
    database = service.platform.worker_database
    async with database.transaction() as late:
        late.emit(_suspended(1, "late"))
        await late.flush()
        await _emit(service, _suspended(2, "early"))
        wire = await stage.wire()
        await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 1)
    records = await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 2)
    assert sorted(_reasons(records, 1) + _reasons(records, 2)) == ["early", "late"]


async def test_a_row_when_it_commits_late_then_a_later_one_of_its_key_does_not_overtake_it(stage: Stage) -> None:
    """Others with higher ids went out meanwhile: the relay must look behind them again, not only above."""
    service = await stage.launch("partners", api=False)
    database = service.platform.worker_database
    wire = await stage.wire()
    for number in range(20):
        async with database.transaction() as late:
            late.emit(_suspended(1, f"{number} late"))
            await late.flush()
            await _emit(service, _suspended(2, "other"))
            await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 3 * number + 1)  # noqa: B023
        await _emit(service, _suspended(1, f"{number} later"))
        await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 3 * number + 3)  # noqa: B023
    records = await wire.read("partner.suspended")
    assert _reasons(records, 1) == [f"{number} {when}" for number in range(20) for when in ("late", "later")]


async def test_two_workers_when_both_run_then_one_leads_and_nothing_is_sent_twice(stage: Stage) -> None:
    first = await stage.launch("partners", api=False)
    await stage.launch("partners", api=False)
    await asyncio.gather(*(_emit(first, _suspended(number, "once")) for number in range(100)))
    wire = await stage.wire()
    await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 100)
    await eventually(lambda: _all_sent(first), what="marking")
    assert len(await wire.read("partner.suspended")) == 100


@pytest.mark.parametrize("reason", ["x" * 1_000_000, "\N{SNOWMAN}" * 400_000], ids=["ascii", "three bytes a letter"])
async def test_an_event_when_larger_than_the_broker_takes_then_its_transaction_fails(stage: Stage, reason: str) -> None:
    service = await stage.launch("partners", api=False, worker=False)
    with pytest.raises(EventTooLarge):
        await _emit(service, _suspended(1, reason))


async def test_a_record_that_the_broker_refuses_when_sent_then_its_key_stops_and_others_go_on(stage: Stage) -> None:
    service = await stage.launch("partners", api=False)
    async with service.platform.worker_database.transaction() as uow:
        uow.emit(_suspended(1, "first"))
        uow.emit(_suspended(1, "second"))
        await uow.flush()
        # beyond the producer's own limit: what a topic with a smaller limit than ours would do
        await uow.fetch("update outbox set payload = payload || repeat(' ', 2000000) where payload like '%first%'")
        uow.emit(_suspended(2, "other"))
    wire = await stage.wire()
    records = await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 1)
    assert (_reasons(records, 1), _reasons(records, 2)) == ([], ["other"])
    await eventually(lambda: _is_red(service), what="a red readiness")
    assert await _unsent(service) == 2


async def _is_red(service: Service) -> bool:
    return not (await service.worker_health.report()).ready


async def test_erasing_a_person_when_committed_then_a_tombstone_is_published(stage: Stage) -> None:
    service = await stage.launch("partners", api=False)
    async with service.platform.worker_database.transaction() as uow:
        uow.erase(ContactRecorded, "somebody")
    records = await (await stage.wire()).read_until("contact.recorded", enough=lambda found: len(found) >= 1)
    assert [(r.key, r.value) for r in records] == [(b"somebody", None)]


async def test_a_key_when_it_may_go_again_then_its_held_back_rows_go_before_newer_ones(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_RETRY_BLOCKED_S", 0.3)
    monkeypatch.setattr(relay, "_SWEEP_S", 3_600.0)
    service = await stage.launch("partners", api=False)
    database = service.platform.worker_database
    async with database.transaction() as uow:
        for reason in ("first", "second"):
            uow.emit(_suspended(1, reason))
        await uow.flush()
        await uow.fetch("update outbox set payload = payload || repeat(' ', 2000000) where payload like '%first%'")
    await eventually(lambda: _is_red(service), what="a red readiness")
    async with database.transaction() as uow:
        await uow.fetch("update outbox set payload = rtrim(payload)")
    await eventually(lambda: _is_green(service), what="the end of the hold")
    await _emit(service, _suspended(1, "third"))
    records = await (await stage.wire()).read_until("partner.suspended", enough=lambda found: len(found) >= 3)
    assert _reasons(records, 1) == ["first", "second", "third"]


async def _is_green(service: Service) -> bool:
    return (await service.worker_health.report()).ready


async def test_a_record_that_the_topic_refuses_when_sent_among_others_then_only_its_key_stops(stage: Stage) -> None:
    """The broker refuses a whole request: the records that shared it are not to blame."""
    wire = await stage.wire()
    await wire.configure("partner.suspended", {"max.message.bytes": "20000"})
    service = await stage.launch("partners", api=False)
    await _emit(service, _suspended(1, "x" * 50_000), _suspended(1, "behind"), *(_suspended(number, "other") for number in range(2, 40)))
    records = await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 38)
    assert [_reasons(records, number) for number in range(1, 40)] == [[], *[["other"]] * 38]
    assert await _unsent(service) == 2


async def _rename(service: Service, topic: str, where: str) -> None:
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch(f"update outbox set aggregatetype = '{topic}' where {where}")


async def test_a_topic_when_it_is_missing_then_others_go_out_and_once_it_is_made_its_keys_keep_their_order(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_RETRY_BLOCKED_S", 0.5)
    monkeypatch.setattr(batching, "_METADATA_S", 0.5)
    service = await stage.build("partners")
    await _emit(service, *(_suspended(1, f"{number}") for number in range(5)))
    await _rename(service, "partner.unheard_of", "true")
    await _emit(service, _suspended(1, "other"))
    await service.start_worker()
    wire = await stage.wire()
    records = await wire.read_until("partner.suspended", enough=lambda found: len(found) >= 1)
    assert _reasons(records, 1) == ["other"]
    await eventually(lambda: _is_red(service), what="a red readiness")

    await wire.create("partner.unheard_of")

    records = await wire.read_until("partner.unheard_of", enough=lambda found: len(found) >= 5)
    assert _reasons(records, 1) == ["0", "1", "2", "3", "4"]
    await eventually(lambda: _is_green(service), what="the end of the hold")


async def test_a_row_that_nobody_can_read_when_it_is_next_then_its_key_stops_and_others_go_on(stage: Stage) -> None:
    service = await stage.build("partners")
    await _emit(service, _suspended(1, "broken"), _suspended(1, "behind"), _suspended(2, "other"))
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch("update outbox set headers = 'by hand' where payload like '%broken%'")
    await service.start_worker()
    records = await (await stage.wire()).read_until("partner.suspended", enough=lambda found: len(found) >= 1)
    assert (_reasons(records, 1), _reasons(records, 2)) == ([], ["other"])
    await eventually(lambda: _is_red(service), what="a red readiness")
    assert await _unsent(service) == 2


async def test_rows_of_one_partition_when_one_between_is_refused_then_nothing_behind_it_overtakes_it(stage: Stage) -> None:
    """One key, more than a batch of records: the broker refuses one in the middle."""
    wire = await stage.wire()
    await wire.configure("partner.suspended", {"max.message.bytes": "300000"})
    service = await stage.build("partners")
    await _emit(service, *(_suspended(1, f"{number} {'x' * (400_000 if number == 3 else 100_000)}") for number in range(6)))
    await service.start_worker()
    await eventually(lambda: _is_red(service), what="a red readiness")
    records = await wire.read("partner.suspended")
    assert [reason.split()[0] for reason in _reasons(records, 1)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("key", "hashed"),
    [("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536), ("a-little-bit-longer-string", -1486304829)],
)
def test_a_key_when_it_is_placed_then_by_the_hash_that_every_client_of_kafka_takes(key: str, hashed: int) -> None:
    assert batching._hash(key.encode()) == hashed & 0x7FFFFFFF
