"""What every consuming service must withstand; a service's tests inherit it and tell one story.

`class TestReliability(ReliabilitySuite)` sets `service`, and says `story()` and `state()`.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import ClassVar

import asyncpg
import pytest

from shared.chassis.events.incoming import Raw
from shared.chassis.service import Service
from shared.chassis.testing.records import Told, batches, interleaved, record, records, repeated, with_header
from shared.chassis.testing.stage import Stage
from shared.chassis.values import replace

SEEDS = (1, 2, 3)
_KILL = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()"

POISON: dict[str, Callable[[Raw], Raw]] = {
    "bad_json": lambda raw: replace(raw, value=b'{"partner_id": '),
    "not_an_object": lambda raw: replace(raw, value=b"[]"),
    "wrong_schema": lambda raw: replace(raw, value=b'{"partner_id": 7}'),
    "empty": lambda raw: replace(raw, value=b""),
    "null_body": lambda raw: replace(raw, value=None),
    "unknown_version": lambda raw: with_header(raw, "ce_type", b"hansa.deal.closed.v99"),
    "null_header": lambda raw: with_header(raw, "ce_type", None),
    "header_not_utf8": lambda raw: with_header(raw, "ce_id", b"\xff\xfe\x80"),
    "nul_in_id": lambda raw: with_header(raw, "ce_id", b"a\x00b"),
}
HARMLESS: dict[str, Callable[[Raw], Raw]] = {
    "foreign_null_header": lambda raw: with_header(raw, "x-null", None),
    "foreign_header_not_utf8": lambda raw: with_header(raw, "x-bytes", b"\xff\xfe"),
    "reply_to": lambda raw: with_header(raw, "reply_to", b"somewhere"),
}


class ReliabilitySuite:
    """Every event takes effect exactly once, whatever the delivery does."""

    service: ClassVar[str]
    _outcomes: ClassVar[dict[type, dict[str, object]]] = {}

    def story(self) -> Sequence[Told]:
        """Valid events in the order in which they happened, touching every handler; keys as their producers set them."""
        raise NotImplementedError

    async def prepare(self, service: Service) -> None:
        """Record on its empty store what the story builds on, such as policies; nothing by default."""

    async def state(self, service: Service) -> object:
        """All that the service derived from the story, without generated ids and recorded times; comparable by ==."""
        raise NotImplementedError

    async def _outcome(self, service: Service) -> dict[str, object]:
        state = await self.state(service)
        async with service.platform.worker_database.transaction() as uow:
            sent = [tuple(row) for row in await uow.fetch("select type, count(*) from outbox group by type order by type")]
            waiting = (await uow.fetch("select count(*) from waiting_facts"))[0][0]
            parked = (await uow.fetch("select count(*) from dead_letters where state <> 'done'"))[0][0]
        return {"state": state, "sent": sent, "waiting": waiting, "parked": parked}

    async def _told_once(self, stage: Stage) -> dict[str, object]:
        """The outcome of the plain story, found out by the first test that asks; the store is prepared and holds nothing of it."""
        service = await stage.build(self.service, kafka=False)
        await self.prepare(service)
        if type(self) not in self._outcomes:
            self._outcomes[type(self)] = await self._find_out(stage, service)
        return self._outcomes[type(self)]

    async def _find_out(self, stage: Stage, service: Service) -> dict[str, object]:
        await service.worker.processor.process(records(self.story()))
        outcome = await self._outcome(service)
        assert outcome["parked"] == 0, await self._letters(service)
        await service.platform.close()
        await stage.stores.fresh(self.service)
        await service.migrate()
        await self.prepare(await stage.build(self.service, kafka=False))
        return outcome

    async def _letters(self, service: Service) -> list[tuple[object, ...]]:
        async with service.platform.worker_database.transaction() as uow:
            return [tuple(row) for row in await uow.fetch("select type, error, detail, trace from dead_letters")]

    @pytest.mark.parametrize("seed", SEEDS)
    async def test_ten_deliveries_of_each_event_when_interleaved_then_effect_is_that_of_one(self, stage: Stage, seed: int) -> None:
        expected = await self._told_once(stage)
        chance = random.Random(seed)
        service = await stage.build(self.service, kafka=False)
        order = repeated(interleaved(records(self.story()), chance), chance, times=10)
        for batch in batches(order, chance):
            await service.worker.processor.process(batch)
        assert await self._outcome(service) == expected

    async def test_the_same_batches_when_two_workers_take_them_at_once_then_effect_is_that_of_one(self, stage: Stage) -> None:
        expected = await self._told_once(stage)
        first = await stage.build(self.service, kafka=False)
        second = await stage.build(self.service, kafka=False)
        for batch in batches(records(self.story()), random.Random(4), largest=8):
            await asyncio.gather(first.worker.processor.process(batch), second.worker.processor.process(batch))
        assert await self._outcome(first) == expected

    async def test_connections_cut_when_batches_are_under_way_then_nothing_is_lost_or_doubled(self, stage: Stage) -> None:
        expected = await self._told_once(stage)
        service = await stage.build(self.service, kafka=False)
        done = asyncio.Event()
        cutter = asyncio.create_task(_cut_connections(stage, self.service, done))
        for batch in batches(records(self.story()), random.Random(5), largest=4):
            await service.worker.processor.process(batch)
        done.set()
        await cutter
        await service.platform.worker_database.engine.dispose()  # the last cut met connections at rest: whoever looks now takes fresh ones
        assert await self._outcome(service) == expected

    @pytest.mark.parametrize("kind", POISON)
    async def test_a_poison_record_when_it_comes_among_others_then_it_alone_is_parked(self, stage: Stage, kind: str) -> None:
        expected = await self._told_once(stage)
        service = await stage.build(self.service, kafka=False)
        story = records(self.story())
        poison = POISON[kind](replace(record(self.story()[0], number=9_999), key=b"somebody else"))
        await service.worker.processor.process([*story[:1], poison, *story[1:]])
        assert await self._outcome(service) == expected | {"parked": 1}

    async def test_foreign_headers_when_they_hold_anything_then_the_event_is_handled(self, stage: Stage) -> None:
        expected = await self._told_once(stage)
        service = await stage.build(self.service, kafka=False)
        story = records(self.story())
        for spoil in HARMLESS.values():
            story = [spoil(raw) for raw in story]
        await service.worker.processor.process(story)
        assert await self._outcome(service) == expected

    async def test_one_id_with_two_bodies_when_delivered_then_the_second_is_refused_as_conflict(self, stage: Stage) -> None:
        expected = await self._told_once(stage)
        service = await stage.build(self.service, kafka=False)
        story = records(self.story())
        other = replace(story[0], value=(story[0].value or b"") + b" ", offset=10_000)
        await service.worker.processor.process([story[0], other, *story[1:]])
        await service.worker.processor.process([other])
        async with service.platform.worker_database.transaction() as uow:
            codes = [row[0] for row in await uow.fetch("select code from refusals where code = 'event_conflict'")]
        assert codes == ["event_conflict"]
        assert await self._outcome(service) == expected

    async def test_an_unreadable_record_when_its_key_goes_on_then_later_events_wait_and_follow_once_discarded(self, stage: Stage) -> None:
        expected = await self._told_once(stage)
        service = await stage.build(self.service, kafka=False)
        story = records(self.story())
        for number, key in enumerate({raw.key for raw in story}):
            await service.worker.processor.process([replace(story[0], key=key, value=b"{", offset=20_000 + number)])
        await service.worker.processor.process(story)
        held = await self._outcome(service)
        async with service.platform.worker_database.transaction() as uow:
            await uow.fetch("update dead_letters set state = 'discarded', settled_at = now() where error <> 'parked_behind'")
        await service.worker.timers.run_due()
        discarded = len({raw.key for raw in story})
        assert held["parked"] == discarded + len(story)
        assert await self._outcome(service) == expected | {"parked": discarded}


async def _cut_connections(stage: Stage, service: str, done: asyncio.Event) -> None:
    """Terminate every connection to the service's database now and then, until `done`."""
    connection = await asyncpg.connect(stage.stores.admin_dsn)
    try:
        for _ in range(6):
            await asyncio.sleep(0.015)
            await connection.execute(_KILL, f"hansa_{service}")
            if done.is_set():
                return
    finally:
        await connection.close()
