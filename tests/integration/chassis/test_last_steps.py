"""What a transaction does last: after its events, all that was noted at once, without what was undone. Events may be written before."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.chassis.database import UnitOfWork
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerSuspended

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def test_last_steps_when_noted_here_and_there_then_taken_once_after_the_events_and_without_what_was_undone(stage: Stage) -> None:
    service = await stage.build("partners", kafka=False)
    taken: list[tuple[str, list[int], int]] = []

    async def first(uow: UnitOfWork, items: Sequence[int]) -> None:
        taken.append(("first", list(items), (await uow.fetch("select count(*) from outbox"))[0][0]))

    async def second(_: UnitOfWork, items: Sequence[int]) -> None:
        taken.append(("second", list(items), 0))

    async with service.platform.worker_database.transaction() as uow:
        uow.at_last(first, 1)
        with contextlib.suppress(ValueError):
            async with uow.savepoint():
                uow.at_last(first, 2)
                raise ValueError
        uow.at_last(second, 3)
        uow.emit(PartnerSuspended(partner_id=UUID(int=1), occurred_at=NOW, recorded_at=NOW, reason="x"))
        uow.at_last(first, 4)
        assert taken == []

    assert taken == [("first", [1, 4], 1), ("second", [3], 0)]


async def test_events_when_sent_before_the_end_then_each_is_written_once_in_order_and_a_part_takes_its_own_back(stage: Stage) -> None:
    service = await stage.build("partners", kafka=False)

    def emit(uow: UnitOfWork, why: str) -> None:
        uow.emit(PartnerSuspended(partner_id=UUID(int=1), occurred_at=NOW, recorded_at=NOW, reason=why))

    async with service.platform.worker_database.transaction() as uow:
        emit(uow, "sent")
        emit(uow, "sent too")
        await uow.send_emitted()
        await uow.send_emitted()
        emit(uow, "kept")
        with contextlib.suppress(ValueError):
            async with uow.savepoint():
                emit(uow, "undone")
                await uow.send_emitted()
                emit(uow, "undone too")
                raise ValueError
        async with uow.savepoint():
            emit(uow, "of a part")
            await uow.send_emitted()
        await uow.send_emitted()
        emit(uow, "last")

    async with service.platform.worker_database.transaction() as uow:
        rows = await uow.fetch("select payload::json->>'reason' from outbox order by id")
    assert [row[0] for row in rows] == ["sent", "sent too", "kept", "of a part", "last"]
