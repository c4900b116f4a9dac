"""The service under redelivery, reordering, cut connections and poison."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from services.notifications.mapping import CONSUMED
from shared.chassis.service import Service
from shared.chassis.testing.records import Told
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.schemas.deals import DealExpired, DealReopened, DealWithdrawn
from shared.schemas.partners import PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)


def _deal(number: int) -> list[Told]:
    times = {"occurred_at": _NOW, "recorded_at": _NOW, "partner_id": UUID(int=number % 3), "deal_id": UUID(int=number)}
    return [
        Told(DealExpired(**times, expired_at=_NOW), 1),
        Told(DealReopened(**times, close_number=1, reason="again"), 2),
        Told(DealWithdrawn(**times, reason="no budget"), 3),
        Told(PartnerSuspended(occurred_at=_NOW, recorded_at=_NOW, partner_id=UUID(int=number % 3), reason=str(number)), number),
    ]


class TestReliability(ReliabilitySuite):
    service = "notifications"

    def story(self) -> Sequence[Told]:
        return [told for number in range(1, 6) for told in _deal(number)]

    async def state(self, service: Service) -> object:
        assert {type(told.event) for told in self.story()} <= set(CONSUMED)
        async with service.platform.worker_database.transaction() as uow:
            rows = await uow.fetch("select event_id, event_type, partner_id, payload from feed_entries order by 1, 3")
            (gapless,) = await uow.fetch("select head = (select count(*) from feed_entries) from feed_extent")
        return [tuple(row) for row in rows], gapless[0]
