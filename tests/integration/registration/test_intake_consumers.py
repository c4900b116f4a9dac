"""Opportunities over Kafka: the same use case, with its error queue and its versions, under whatever the delivery does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.use_cases.hear_of_partner import hear_of_partner
from shared.chassis.service import Service
from shared.chassis.testing.records import Told, records
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.chassis.testing.stage import Stage
from shared.schemas.crm import OpportunityChanged
from shared.schemas.partners import PartnerActivated

NOW = datetime(2026, 2, 25, tzinfo=UTC)
DAY = timedelta(days=1)
_RULES = {"sources": {"crm": {"versions": "contiguous"}}, "on_owner_change": "follow"}


def active(number: int) -> Told:
    times = {"occurred_at": NOW, "recorded_at": NOW}
    partner = PartnerActivated(**times, partner_id=UUID(int=number), name="P", partner_type="channel", region="EMEA", enrolled_at=NOW)
    return Told(partner, 1)


def told(partner: int, number: int, version: int, **changed: Any) -> Told:
    """A state of an opportunity whose protection still holds."""
    body = {
        "occurred_at": NOW - 9 * DAY + version * DAY,
        "recorded_at": NOW,
        "source": "crm",
        "external_id": f"{partner}-{number}",
        "partner_id": UUID(int=partner),
        "account_name": f"Account {partner} {number}",
        "families": ("GTX",),
        "engaged_at": NOW - 9 * DAY,
        "stage": "open",
        "source_version": version,
    }
    return Told(OpportunityChanged.model_validate(body | changed), version)


def won(partner: int, number: int, version: int, amount: str = "100.00", **changed: Any) -> Told:
    return told(partner, number, version, stage="won", closed_at=NOW - 5 * DAY, amount=amount, **changed)


async def _rule(service: Service) -> None:
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch("update policies set body = body || $1::text::jsonb", orjson.dumps(_RULES).decode())


async def _rows(service: Service, sql: str) -> list[tuple[Any, ...]]:
    async with service.platform.worker_database.transaction() as uow:
        return [tuple(row) for row in await uow.fetch(sql)]


async def test_opportunity_when_refused_then_recorded_and_in_the_queue_and_corrected_over_http(stage: Stage) -> None:
    service = await stage.build("registration", kafka=False)
    await service.worker.processor.process(records([active(1), won(1, 1, 1, amount="twelve"), won(1, 2, 1)]))
    assert await _rows(service, "select code from refusals") == [("amount_invalid",)]
    [error] = (await stage.client(service).get("/v1/intake/crm/errors")).json()["items"]
    assert (error["way"], error["external_id"], error["row"]["amount"]) == ("kafka", "1-1", "twelve")
    corrected = await stage.client(service).post(f"/v1/intake/crm/errors/{error['id']}/correct", json={"amount": "12.00"})
    assert corrected.json()["result"]["result"] == "won"
    assert await _rows(service, "select amount_minor from deals order by external_id") == [(1200,), (10000,)]


async def test_opportunity_when_its_states_arrive_inverted_then_the_newest_stands(stage: Stage) -> None:
    service = await stage.build("registration", kafka=False)
    for state in records([active(1), won(1, 1, 3), told(1, 1, 1), told(1, 1, 2)]):
        await service.worker.processor.process([state])
    assert await _rows(service, "select state, source_version from deals") == [("won", 3)]


class TestVersionedReliability(ReliabilitySuite):
    """Versions with holes, refusals and contradictions, under every delivery; what waits for its partner may change its order."""

    service = "registration"

    async def prepare(self, service: Service) -> None:
        await _rule(service)
        async with service.platform.worker_database.transaction() as uow:
            for partner in (1, 2, 3):
                known = PartnerId(UUID(int=partner))
                await hear_of_partner(uow, known, standing=Standing.ACTIVE, kind="channel", sequence=1, policy=Policy())

    def story(self) -> Sequence[Told]:
        story: list[Told] = []
        for partner in (1, 2, 3):
            story += [
                told(partner, 1, 1),
                won(partner, 1, 4),  # 2 and 3 never come
                told(partner, 2, 1),
                won(partner, 2, 2, amount="twelve"),
                won(partner, 3, 1, amount="-1"),
                won(partner, 3, 2),
                told(partner, 4, 1),
                told(partner, 4, 1, account_name="Somebody else"),
            ]
        return story

    async def state(self, service: Service) -> object:
        deals = "select partner_id, external_id, state, version, source_version, source_digest, amount_minor from deals order by 2"
        errors = "select source, name, code, row, state, times from intake_errors where state = 'open' order by name"
        gaps = "select external_id, missing::text, came::text, filled_by from intake_gaps where missing <> '[]' or came <> '[]' order by 1"
        return [await _rows(service, sql) for sql in (deals, errors, gaps)]
