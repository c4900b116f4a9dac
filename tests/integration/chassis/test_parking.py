"""Parked streams on a real store, record by record: nothing is stranded, nothing overtakes, nothing counts twice."""

import asyncio
import random
from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.events import Handlers, Incoming, dead_letters
from shared.chassis.events.incoming import Raw
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.testing.records import Told, record, with_header
from shared.chassis.testing.stage import Stage
from shared.chassis.values import replace
from shared.chassis.worker import Worker
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_OUTCOMES = ("handled", "refused", "repeated")
_chance = random.Random(7)
_LONG = "".join(_chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9_000))
_WIDE = "".join(chr(_chance.randint(0x4E00, 0x9FFF)) for _ in range(512))
_STAMP = {"occurred_at": _NOW, "recorded_at": _NOW, "partner_id": UUID(int=1)}


def told(number: int, event: PartnerSuspended | PartnerTerminated) -> Raw:
    """The event as the record at offset `number`; the same number gives the same event id."""
    return record(Told(event), number=number)


def first(number: int, reason: str) -> Raw:
    return told(number, PartnerSuspended(**_STAMP, reason=reason))


def follower(number: int, reason: str) -> Raw:
    """A fact that waits until one told by `first` has been taken in."""
    return told(number, PartnerTerminated(**_STAMP, reason=reason))


class Probe:
    """Handlers that fail for the reasons in `broken`; what took effect stands in the outbox, in order."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.broken: set[str] = set()
        self.metrics = Metrics("probe")

    async def prepare(self) -> "Probe":
        service = await self.stage.build("partners", kafka=False)
        self.database = service.platform.worker_database
        handlers = Handlers({PartnerSuspended: self._first, PartnerTerminated: self._follower}, locks=lambda _: ["first"])
        self.worker = Worker(
            self.database, service.platform.settings, service="probe", handlers=handlers, timers=(), extras=(), metrics=self.metrics
        )
        return self

    async def _first(self, uow: UnitOfWork, incoming: Incoming[PartnerSuspended]) -> None:
        await self._effect(uow, incoming)
        await uow.release("first")

    async def _follower(self, uow: UnitOfWork, incoming: Incoming[PartnerTerminated]) -> None:
        if await uow.fetch("select 1 from outbox"):
            await self._effect(uow, incoming)
        else:
            await uow.wait_for("first", incoming, reason="not_there")

    async def _effect(self, uow: UnitOfWork, incoming: Incoming[PartnerSuspended] | Incoming[PartnerTerminated]) -> None:
        if incoming.event.reason == "refuse":
            raise Refused
        if incoming.event.reason in self.broken:
            raise ZeroDivisionError("a bug")
        event = PartnerActivated(**_STAMP, name=incoming.event.reason, partner_type="channel", region="EMEA", enrolled_at=_NOW)
        uow.emit(event)
        await uow.flush()

    async def take(self, *raws: Raw) -> None:
        await self.worker.processor.process(raws)

    async def retry(self) -> None:
        """What an operator and the timer do: mark all as ready, then go through the streams."""
        await self.rows("update dead_letters set state = 'ready' where state = 'parked' and error <> 'parked_behind'")
        await self.worker.timers.run_due()

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        async with self.database.transaction() as uow:
            return [tuple(row) for row in await uow.fetch(sql)]

    async def effects(self) -> list[object]:
        return [row[0] for row in await self.rows("select payload::json->>'name' from outbox order by id")]

    async def open_letters(self) -> list[tuple[object, ...]]:
        return await self.rows("select error from dead_letters where state in ('parked', 'ready') order by id")


@pytest.fixture
async def probe(stage: Stage) -> Probe:
    return await Probe(stage).prepare()


async def test_a_letter_when_it_went_on_to_wait_and_fails_then_it_is_parked_again_and_not_lost(probe: Probe) -> None:
    await probe.take(replace(first(1, "unreadable"), value=b"{"), follower(2, "late"))
    await probe.rows("update dead_letters set state = 'discarded' where error <> 'parked_behind'")
    await probe.worker.timers.run_due()
    assert await probe.rows("select count(*) from waiting_facts") == [(1,)]
    probe.broken = {"late"}
    await probe.take(first(3, "there"))
    assert await probe.open_letters() == [("ZeroDivisionError",)]
    probe.broken = set()
    await probe.retry()
    assert await probe.effects() == ["there", "late"]


async def test_a_released_fact_when_it_fails_then_later_ones_of_its_key_stay_behind_it(probe: Probe) -> None:
    probe.broken = {"second"}
    await probe.take(follower(1, "second"), follower(2, "third"), follower(3, "fourth"))
    await probe.take(first(4, "one"))
    assert await probe.effects() == ["one"]
    assert await probe.open_letters() == [("ZeroDivisionError",), ("parked_behind",), ("parked_behind",)]
    probe.broken = set()
    await probe.retry()
    assert await probe.effects() == ["one", "second", "third", "fourth"]


async def test_a_released_fact_when_younger_ones_of_its_key_are_parked_then_it_goes_before_them(probe: Probe) -> None:
    probe.broken = {"one"}
    await probe.take(follower(1, "second"), first(2, "one"), follower(3, "third"))
    probe.broken = set()
    await probe.retry()
    assert await probe.effects() == ["one", "second", "third"]
    assert await probe.open_letters() == []


async def test_released_facts_when_more_are_refused_than_the_batch_has_events_then_each_is_counted_once(probe: Probe) -> None:
    await probe.take(follower(0, "refuse"), follower(1, "refuse"))
    await probe.take(first(2, "a"))
    counted = {
        outcome: probe.metrics.registry.get_sample_value("hansa_events_total", {"service": "probe", "outcome": outcome})
        for outcome in _OUTCOMES
    }
    assert counted == {"handled": 3, "refused": 2, "repeated": None}
    assert (await probe.effects(), await probe.rows("select count(*) from refusals")) == (["a"], [(2,)])


@pytest.mark.parametrize("sql", [dead_letters._STREAMS, dead_letters._HEAD])
async def test_a_stream_when_many_are_parked_in_it_then_its_head_is_found_without_sorting_them(probe: Probe, sql: str) -> None:
    await probe.rows("insert into parked_streams (order_key) values ('one')")
    await probe.rows("""
        insert into dead_letters (order_key, event_id, type, topic, partition, "offset", headers, error, detail)
        select 'one', 'e' || n, 't', 't', 0, n, '', 'parked_behind', '' from generate_series(1, 5000) n""")
    argument = "100" if sql is dead_letters._STREAMS else "'one'"
    plan = [str(row[0]) for row in await probe.rows(f"explain (analyze, timing off, costs off) {sql.replace('$1', argument)}")]
    assert [line for line in plan if "rows=5000" in line] == []


async def test_an_unreadable_record_when_it_was_sent_twice_and_can_be_read_at_last_then_it_counts_once(probe: Probe) -> None:
    """A newer producer's version, say, sent again by its relay; a deployment later both letters can be read."""
    good = first(1, "new version")
    for offset in (1, 2):
        await probe.take(replace(with_header(good, "ce_sequence", b"x"), offset=offset))
    await probe.rows(
        "update dead_letters set headers = convert_to(replace(convert_from(headers, 'UTF8'), '[\"ce_sequence\",\"x\"]',"
        " '[\"ce_sequence\",\"1\"]'), 'UTF8')"
    )
    await probe.retry()
    await probe.retry()
    assert await probe.effects() == ["new version"]
    assert await probe.open_letters() == []


async def test_an_unreadable_record_when_its_id_comes_again_with_another_body_then_one_is_refused(probe: Probe) -> None:
    good, other = first(1, "one"), first(1, "other")
    await probe.take(replace(with_header(good, "ce_sequence", b"x"), key=b"elsewhere"), replace(other, offset=2))
    await probe.rows("update dead_letters set headers = convert_to(replace(convert_from(headers, 'UTF8'), '\"x\"', '\"1\"'), 'UTF8')")
    await probe.retry()
    assert await probe.effects() == ["other"]
    assert await probe.rows("select code from refusals") == [("event_conflict",)]
    assert await probe.open_letters() == []


async def test_a_stream_when_a_letter_comes_while_it_closes_then_the_letter_is_not_stranded(probe: Probe) -> None:
    key = str(UUID(int=1))
    await probe.take(replace(first(1, "unreadable"), value=b"{"))
    await probe.rows("update dead_letters set state = 'discarded'")
    async with probe.database.transaction() as closing:
        await closing.fetch("select 1 from parked_streams where order_key = $1 for update", key)
        parking = asyncio.create_task(probe.take(replace(first(2, "unreadable"), value=b"{")))
        await asyncio.sleep(0.2)
        assert await dead_letters.next_letter(closing, key) is None
    await parking
    await probe.take(first(3, "later"))
    assert await probe.effects() == []
    await probe.rows("update dead_letters set state = 'discarded' where error <> 'parked_behind'")
    await probe.worker.timers.run_due()
    assert await probe.effects() == ["later"]


async def test_a_fact_when_it_waited_and_cannot_be_read_any_more_then_it_is_parked_alone_and_follows_once_it_can(probe: Probe) -> None:
    await probe.take(follower(1, "late"))
    await probe.rows("update waiting_facts set value = convert_to('{' || convert_from(value, 'UTF8'), 'UTF8')")
    await probe.take(first(2, "there"))
    assert await probe.effects() == ["there"]
    assert await probe.open_letters() == [("json_invalid",)]
    await probe.rows("update dead_letters set value = convert_to(substr(convert_from(value, 'UTF8'), 2), 'UTF8')")
    await probe.retry()
    assert await probe.effects() == ["there", "late"]
    await probe.take(replace(follower(1, "late"), offset=9))
    assert await probe.effects() == ["there", "late"]


async def test_a_stream_when_it_may_move_behind_many_that_may_not_then_it_moves(probe: Probe) -> None:
    probe.broken = {"mended"}
    await probe.take(first(1, "mended"))
    probe.broken = set()
    await probe.rows("update dead_letters set state = 'ready'")
    await probe.rows(
        "insert into parked_streams (order_key, parked_since) select 'stuck ' || n, now() - interval '1 day' from generate_series(1, 150) n"
    )
    await probe.rows(
        'insert into dead_letters (order_key, event_id, type, topic, partition, "offset", headers, error, detail)'
        " select 'stuck ' || n, '', '', 'elsewhere', 0, n, '[]', 'ZeroDivisionError', '' from generate_series(1, 150) n"
    )
    await probe.worker.timers.run_due()
    assert await probe.effects() == ["mended"]


@pytest.mark.parametrize("key", [b"a\x00b", b"\xff\xfe", _LONG.encode(), None, b""], ids=["nul", "bytes", "long", "none", "empty"])
@pytest.mark.parametrize("fault", ["none", "bug", "unreadable"])
async def test_a_record_key_when_it_is_anything_then_the_consumer_goes_on(probe: Probe, key: bytes | None, fault: str) -> None:
    probe.broken = {"bug"}
    raw = replace(first(1, fault), key=key)
    await probe.take(replace(raw, value=b"{") if fault == "unreadable" else raw, first(2, "next"))
    assert await probe.effects() == (["none", "next"] if fault == "none" else ["next"])
    probe.broken = set()
    if fault == "bug":
        await probe.retry()
        assert await probe.effects() == ["next", "bug"]


@pytest.mark.parametrize("names", ["ce_id", "ce_source", "ce_id ce_source", "ce_subject", "ce_correlationid", "traceparent"])
@pytest.mark.parametrize("text", [_WIDE, _LONG, "a\x00b", "a\r\nb: c"], ids=["wide", "long", "nul", "lines"])
async def test_an_attribute_when_it_holds_anything_then_the_consumer_goes_on(probe: Probe, names: str, text: str) -> None:
    odd = replace(first(1, "odd"), key=b"elsewhere")
    for name in names.split():
        odd = with_header(odd, name, text.encode())
    await probe.take(odd, first(2, "next"))
    assert "next" in await probe.effects()
    assert len(await probe.effects()) + len(await probe.open_letters()) == 2
