"""The service under redelivery, reordering, cut connections and poison."""

from collections.abc import Sequence
from datetime import timedelta

from shared.chassis.service import Service
from shared.chassis.testing.records import Told
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.schemas.deals import Outcome
from tests.integration.tiering.facts import NOW, activated, amended, closed, expired, passed, refunded, reopened, suspended

_DERIVED = (
    "select partner_id, sequence, status, enrolled_at from partners order by 1",
    "select deal_id, close_number, sequence, refunded_minor, reopened from closes order by 1, 2",
    "select deal_id, close_number, partner_id, currency, revenue_minor from revenue order by 1, 2, 3",
    "select certificate_id, level, valid_from, valid_until from certificates order by 1",
)


def _deal(number: int) -> list[Told]:
    """One deal's life: all are won by two partners; some are amended, refunded in parts, reopened and lost."""
    shares = {1 + number % 3: "2/3", 4: "1/3"}
    told = [Told(closed(number, minor=1_000 * number, shares=shares), 2)]
    if number % 2:
        told.append(Told(amended(number, minor=900 * number, shares=shares), 3))
    if number % 3 == 0:
        told += [Told(refunded(number, minor=100), 4), Told(refunded(number, minor=50), 5)]
    if number % 4 == 0:
        told += [Told(reopened(number), 6), Told(closed(number, minor=0, outcome=Outcome.LOST, close_number=2), 7)]
    return told


class TestReliability(ReliabilitySuite):
    service = "tiering"

    def story(self) -> Sequence[Told]:
        until = NOW + timedelta(days=365)
        people = [Told(passed(1, person=n, level=n % 4 + 1, valid_until=until), 1) for n in range(4)]
        ended = [Told(expired(1, person=n, level=n % 4 + 1, at=NOW + timedelta(days=n)), 2) for n in range(2)]
        partners = [Told(activated(n), 1) for n in range(1, 5)]
        return [*partners, Told(suspended(3), 2), *(told for n in range(1, 13) for told in _deal(n)), *people, *ended]

    async def state(self, service: Service) -> object:
        async with service.platform.worker_database.transaction() as uow:
            return [[tuple(row) for row in await uow.fetch(sql)] for sql in _DERIVED]
