"""Versions of the plan for tests: ten per cent of each deal, and what a test adds to it."""

from typing import Any

from services.commission.plan_document import PlanDocument
from services.commission.use_cases.record_plan import record_plan
from shared.chassis.service import Service
from tests.integration.commission.facts import NOW

TEN = [{"from": "0", "to": None, "rate": "0.10"}]
TODAY = NOW.date().isoformat()


async def rule(service: Service, **options: Any) -> None:
    """A version of the plan from today on."""
    version = {"effective_from": TODAY, "base": "deal", "brackets": TEN, **options}
    document = PlanDocument.read({"currency": "USD", "versions": [version]})
    async with service.platform.worker_database.transaction() as uow:
        await record_plan(uow, document, recorded_by="test", reason="test")
