"""The service under redelivery, reordering, cut connections and poison."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.chassis.service import Service
from shared.chassis.testing.records import Told
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated

_NOW = datetime(2026, 2, 1, tzinfo=UTC)


def _partner(number: int) -> list[Told]:
    """One partner's standing: activated; odd ones suspended and activated again; every third terminated."""
    partner = UUID(int=number)
    times = {"occurred_at": _NOW, "recorded_at": _NOW, "partner_id": partner}
    active = PartnerActivated(**times, name=f"Partner {number}", partner_type="channel", region="EMEA", enrolled_at=_NOW)
    told = [Told(active, 1)]
    if number % 2:
        told += [Told(PartnerSuspended(**times, reason="unpaid"), 2), Told(active, 3)]
    if number % 3 == 0:
        told.append(Told(PartnerTerminated(**times, reason="left"), 4))
    return told


class TestReliability(ReliabilitySuite):
    service = "enablement"

    def story(self) -> Sequence[Told]:
        return [told for number in range(1, 8) for told in _partner(number)]

    async def state(self, service: Service) -> object:
        async with service.platform.worker_database.transaction() as uow:
            return [tuple(row) for row in await uow.fetch("select id, standing, sequence from known_partners order by id")]
