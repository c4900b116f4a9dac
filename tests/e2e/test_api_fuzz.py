"""Every service fuzzed from its own OpenAPI document: whatever is sent, never a 500, and every no is a problem document."""

import asyncio
from uuid import UUID

import pytest
from schemathesis import Case, Response
from schemathesis.checks import CHECKS, load_all_checks

from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerActivated, PartnerType
from tests.support.fuzzing import Fuzzer, document_of, served
from tests.support.services import SERVICES
from tests.support.world import launch

EXAMPLES = {"operator": 5, "partner": 3}  # of each operation, with fitting and again with unfitting data
PARTNER = UUID(int=1)

load_all_checks()
CHECKED = [CHECKS.get_one(name) for name in ("not_a_server_error", "response_schema_conformance", "content_type_conformance")]


def _judge(case: Case, answer: Response) -> None:
    case.validate_response(answer, checks=CHECKED)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == ["application/problem+json"], answer.headers
        assert answer.json()["code"]


@pytest.mark.parametrize("role", ["operator", "partner"])
@pytest.mark.parametrize("name", SERVICES)
async def test_service_when_fuzzed_then_never_a_500(stage: Stage, name: str, role: str) -> None:
    service = await launch(stage, name)
    if PartnerActivated in service.handlers.events:
        await service.worker.processor.process([record(Told(_activated(stage)), number=1, service="partners")])
    token = stage.token(role, partner_id=PARTNER if role == "partner" else None)
    async with served(service) as address:
        fuzzer = Fuzzer(document_of(service), address=address, token=token, check=_judge, examples=EXAMPLES[role])
        fuzzer.fixed["partner_id"] = str(PARTNER)
        fuzzer.ids.append(str(PARTNER))
        await asyncio.to_thread(fuzzer.run)

    assert any(status < 300 for status in fuzzer.statuses), fuzzer.statuses


def _activated(stage: Stage) -> PartnerActivated:
    now = stage.clock.now()
    kind = PartnerType.RESELLER_AFFILIATE
    return PartnerActivated(
        occurred_at=now, recorded_at=now, partner_id=PARTNER, name="One", partner_type=kind, region="EMEA", enrolled_at=now
    )
