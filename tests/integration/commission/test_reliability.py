"""The service under redelivery, reordering, cut connections and poison."""

from collections.abc import Sequence

from shared.chassis.service import Service
from shared.chassis.testing.records import Told
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.schemas.deals import Outcome
from tests.integration.commission.facts import amended, closed, refunded, reopened, rows


class TestReliability(ReliabilitySuite):
    """Amounts stay within the first bracket, where the figures do not hang on the order of different topics."""

    service = "commission"

    def story(self) -> Sequence[Told]:
        events = [
            closed(1, 100_00),
            closed(2, 40_00, shares={2: "0.5", 1: "0.5"}),
            closed(3, 70_00, outcome=Outcome.LOST),
            closed(4, 80_00, shares={3: "1"}),
            amended(1, 200_00),
            amended(4, 60_00, shares={3: "0.5", 4: "0.5"}),
            reopened(2, owner=2),
            closed(2, 60_00, shares={2: "1"}, close_number=2),
            refunded(1, 50_00, revision=1),
            refunded(1, 150_00, revision=1),
            refunded(2, 20_00, owner=2, close_number=2),
            refunded(4, 60_00, owner=3, revision=1),
            closed(5, 90_00, currency="EUR"),
        ]
        return [Told(event) for event in events]

    async def state(self, service: Service) -> object:
        balances = await rows(service, "select partner_id, currency, held_minor, payable_minor from balances order by 1, 2")
        entries = await rows(service, "select id, amount_minor from entries order by id")
        deals = await rows(service, "select deal_id, close_number, standing from deals order by 1")
        positions = await rows(service, "select partner_id, month, revenue_minor from positions order by 1, 2")
        return balances, entries, deals, positions
