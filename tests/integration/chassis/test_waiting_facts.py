"""What waiting facts are about: found by an index among many, and found out for those of a release that did not note it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import create_async_engine

from shared.chassis.database.unit_of_work import RELEASE_ABOUT
from shared.chassis.database.waiting import subject_of_waiting_facts
from shared.chassis.events.envelope import decode
from shared.chassis.service import Service
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_MANY = """
insert into waiting_facts (predecessor, event_id, reason, topic, partition, "offset", headers, subject)
select 'rate:' || n, n::text, 'no_rate', 't', 0, n, '', 'subject ' || n from generate_series(1, 20000) n"""


@pytest.fixture
async def service(stage: Stage) -> Service:
    return await stage.build("partners", kafka=False)


async def _wait(service: Service, *partners: int, name: str = "rate:1") -> None:
    async with service.platform.worker_database.transaction() as uow:
        for number, partner in enumerate(partners):
            event = PartnerSuspended(occurred_at=_NOW, recorded_at=_NOW, partner_id=UUID(int=partner), reason="r")
            raw = record(Told(event), number=number)
            await uow.wait_for(name, decode(raw), reason="no_rate")


async def _released(service: Service, *partners: int, waiting_for: str = "rate:") -> int:
    async with service.platform.worker_database.transaction() as uow:
        await uow.release_about([str(UUID(int=partner)) for partner in partners], waiting_for=[waiting_for])
        return len(uow.take_released())


async def _rows(service: Service, sql: str) -> list[tuple[object, ...]]:
    async with service.platform.worker_database.transaction() as uow:
        return [tuple(row) for row in await uow.fetch(sql)]


async def test_facts_when_released_by_what_they_are_about_then_those_alone_and_only_for_what_they_wait_for(service: Service) -> None:
    await _wait(service, 1, 2, 1)
    await _wait(service, 1, name="other:1")
    assert await _released(service, 1) == 2
    assert await _rows(service, "select subject, predecessor from waiting_facts order by id") == [
        (str(UUID(int=2)), "rate:1"),
        (str(UUID(int=1)), "other:1"),
    ]


async def test_facts_when_many_wait_then_the_index_finds_those_about_one_thing(service: Service) -> None:
    await _rows(service, _MANY)
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch("set local plan_cache_mode = force_custom_plan")
        plan = "\n".join(row[0] for row in await uow.fetch(f"explain {RELEASE_ABOUT}", ["subject 7"], ["rate:%"]))
    assert "ix_waiting_facts_subject" in plan
    assert "Seq Scan on waiting_facts" not in plan


async def test_facts_of_a_release_without_subjects_when_they_wait_then_taken_up_too(service: Service) -> None:
    """Its workers go on beside this one until they are replaced: what is taken up too early waits again."""
    await _wait(service, 2)
    await _rows(service, "update waiting_facts set subject = null")
    assert await _released(service, 1) == 1


async def test_facts_when_they_wait_already_then_each_gets_its_subject(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.chassis.database.waiting.PORTION", 2)
    await _wait(service, 3, 4, 5)
    await _rows(service, "update waiting_facts set subject = null")
    engine = create_async_engine(service.platform.settings.migrator_url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: subject_of_waiting_facts(Operations(MigrationContext.configure(sync))))
    finally:
        await engine.dispose()
    assert await _rows(service, "select subject from waiting_facts order by id") == [(str(UUID(int=n)),) for n in (3, 4, 5)]
