"""The service under redelivery, reordering, cut connections and poison."""

from collections.abc import Sequence
from fractions import Fraction

from services.commission.plan_document import PlanDocument
from services.commission.use_cases.record_plan import record_plan
from services.commission.use_cases.record_rate import Stated, record_rates
from shared.chassis.service import Service
from shared.chassis.testing.records import Told
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.schemas.deals import Outcome
from tests.integration.commission.facts import NOW, amended, closed, invoiced, paid, partner, refunded, reopened, rows

TODAY = NOW.date().isoformat()


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
            closed(8, 90_00, currency="GBP"),
            closed(5, 90_00, currency="EUR"),
            refunded(5, 30_00, currency="EUR"),
            invoiced(5, 20_00, currency="EUR"),
            paid(5, 10_00, currency="EUR"),
            paid(1, 70_00),  # without effect: what a plan does not earn on
            closed(6, 90_00, shares={5: "1"}),
            paid(6, 30_00, owner=5),
            paid(6, 20_00, owner=5),
            closed(7, 50_00, shares={6: "1"}),
            invoiced(7, 25_00, owner=6),
            invoiced(7, 25_00, owner=6),
        ]
        return [Told(event) for event in events]

    async def prepare(self, service: Service) -> None:
        """Partner 5 earns on cash, partner 6 on invoices."""
        brackets = [{"from": "0", "to": None, "rate": "0.10"}]
        versions = [
            {
                "effective_from": TODAY,
                "base": "deal",
                "brackets": brackets,
                "earned_on": on,
                "assigned_to": {"partners": [str(partner(who))]},
            }
            for who, on in ((5, "paid"), (6, "invoiced"))
        ]
        async with service.platform.worker_database.transaction() as uow:
            await record_plan(uow, PlanDocument.read({"currency": "USD", "versions": versions}), recorded_by="test", reason="test")

    async def state(self, service: Service) -> object:
        """Once the rate arrived that deal 5 waits for, and all that is about it; that of deal 8 never does."""
        async with service.platform.worker_database.transaction() as uow:
            await record_rates(uow, [Stated("EUR", "USD", NOW.date(), Fraction("1.10"), "test")])
        await service.worker.timers.run_due()
        balances = await rows(service, "select partner_id, currency, held_minor, payable_minor from balances order by 1, 2")
        entries = await rows(service, "select id, amount_minor from entries order by id")
        deals = await rows(service, "select deal_id, close_number, standing from deals order by 1")
        positions = await rows(service, "select partner_id, month, revenue_minor from positions order by 1, 2")
        waiting = await rows(service, "select predecessor from waiting_facts order by 1")
        return balances, entries, deals, positions, waiting
