"""Where the relay's look begins: it rises past what was sent, and never past a row that is still to come."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from shared.chassis.database import Database
from shared.chassis.events import relay
from shared.chassis.events.floor import Floor
from shared.chassis.leadership import plain_dsn
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_SENT = 7


@pytest.fixture
async def database(stage: Stage) -> Database:
    return (await stage.build("partners")).platform.worker_database


@pytest.fixture
async def connection(stage: Stage, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """One of the relay's own kind."""
    settings = await stage.settings_for("partners")
    connection = await asyncpg.connect(plain_dsn(settings.worker_url))
    yield connection
    await connection.close()


def _suspended(partner: int, reason: str) -> PartnerSuspended:
    return PartnerSuspended(occurred_at=_NOW, recorded_at=_NOW, partner_id=UUID(int=partner), reason=reason)


async def test_a_floor_when_nobody_writes_then_it_rises_after_two_looks(connection: asyncpg.Connection) -> None:
    floor = Floor()
    await floor.consider(connection, _SENT)
    floor.settle(everything_sent_to=_SENT)
    assert floor.value == 0
    await floor.consider(connection, _SENT)
    floor.settle(everything_sent_to=_SENT)
    assert floor.value == _SENT


async def test_a_floor_when_somebody_writes_then_it_waits_for_the_end(connection: asyncpg.Connection, database: Database) -> None:
    floor = Floor()
    async with database.transaction() as writing:
        writing.emit(_suspended(1, "late"))
        await writing.flush()
        for _ in range(3):
            await floor.consider(connection, _SENT)
            floor.settle(everything_sent_to=_SENT)
        assert floor.value == 0
    await floor.consider(connection, _SENT)
    assert floor.value == 0  # the row that was late is to be seen from the old floor first
    floor.settle(everything_sent_to=_SENT - 1)
    assert floor.value == 0
    floor.settle(everything_sent_to=_SENT)
    assert floor.value == _SENT


async def test_a_floor_when_one_only_reads_then_it_does_not_wait(connection: asyncpg.Connection, database: Database) -> None:
    floor = Floor()
    async with database.transaction() as reading:
        await reading.fetch("select count(*) from outbox")
        for _ in range(2):
            await floor.consider(connection, _SENT)
            floor.settle(everything_sent_to=_SENT)
    assert floor.value == _SENT


async def test_many_writers_of_few_keys_when_the_floor_rises_all_the_time_then_no_key_is_reordered(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers draw their ids and commit much later; the writers of one key follow each other."""
    monkeypatch.setattr(relay, "_SWEEP_S", 0.02)
    service = await stage.launch("partners", api=False)
    database, chance = service.platform.worker_database, random.Random(11)

    async def write(partner: int) -> None:
        for number in range(60):
            async with database.transaction() as uow:
                uow.emit(_suspended(partner, f"{number}"))
                await uow.flush()
                await asyncio.sleep(chance.choice((0, 0, 0.001, 0.03)))

    await asyncio.gather(*map(write, range(8)))
    records = await (await stage.wire()).read_until("partner.suspended", enough=lambda found: len(found) >= 480)
    told = [PartnerSuspended.model_validate_json(record.value) for record in records]
    of_partner = [[event.reason for event in told if event.partner_id.int == partner] for partner in range(8)]
    assert of_partner == [[f"{number}" for number in range(60)]] * 8
