"""What other services' and sales systems' facts do here, in whatever order they come."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from shared.chassis.service import Service
from shared.chassis.testing.records import Told, record, records
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.statements import heard
from shared.schemas.crm import OpportunityChanged
from shared.schemas.partners import PartnerActivated, PartnerTerminated

NOW = datetime(2026, 2, 1, tzinfo=UTC)
TIMES = {"occurred_at": NOW, "recorded_at": NOW}


@pytest.fixture
async def service(stage: Stage) -> Service:
    return await stage.build("registration", kafka=False)


def active(number: int) -> Told:
    partner = PartnerActivated(**TIMES, partner_id=UUID(int=number), name="P", partner_type="channel", region="EMEA", enrolled_at=NOW)
    return Told(partner, 1)


def told(number: int, **changed: Any) -> Told:
    body = {
        **TIMES,
        "source": "crm",
        "external_id": f"O{number}",
        "partner_id": UUID(int=number),
        "account_name": "Acme",
        "families": ("GTX",),
        "engaged_at": NOW - timedelta(days=1),
        "stage": "open",
    }
    return Told(OpportunityChanged.model_validate(body | changed), 1)


async def _take(service: Service, *story: Told) -> None:
    await service.worker.processor.process(records(story))


async def _sent(service: Service) -> list[tuple[str, dict[str, Any]]]:
    async with service.platform.worker_database.transaction() as uow:
        rows = await uow.fetch("select aggregatetype, payload from outbox order by id")
    return [(topic, orjson.loads(payload)) for topic, payload in rows]


async def _refusals(service: Service) -> list[str]:
    async with service.platform.worker_database.transaction() as uow:
        return [row[0] for row in await uow.fetch("select code from refusals order by id")]


async def test_opportunity_when_its_partner_is_not_known_yet_then_waits_and_follows(service: Service) -> None:
    await _take(service, told(1))
    assert await _sent(service) == []
    await _take(service, told(1), active(1))
    assert [(topic, event["external_id"]) for topic, event in await _sent(service)] == [("deal.registered", "O1")]


async def test_opportunity_when_rivals_meet_and_rules_are_enforced_then_the_second_is_told_the_account_is_taken(service: Service) -> None:
    async with service.platform.worker_database.transaction() as uow:
        await uow.fetch('update policies set body = body || \'{"opportunity_exclusivity": "enforce"}\'')
    await _take(service, active(1), active(2), told(1), told(2, engaged_at=NOW))
    [_, (topic, notice)] = await _sent(service)
    assert (topic, notice["partner_id"], await _refusals(service)) == ("deal.duplicate_refused", str(UUID(int=2)), ["account_taken"])
    assert str(UUID(int=1)) not in str(notice)


async def test_opportunity_when_rivals_meet_and_history_counts_then_the_second_is_unprotected(service: Service) -> None:
    await _take(service, active(1), active(2), told(1), told(2, engaged_at=NOW))
    sent = await _sent(service)
    assert [event["protected"] for topic, event in sent if topic == "deal.registered"] == [True, False]
    assert sorted(event["partner_id"] for topic, event in sent if topic == "conflict.opened") == [str(UUID(int=n)) for n in (1, 2)]


async def test_opportunity_when_it_cannot_be_read_as_a_deal_then_refused_alone(service: Service) -> None:
    await _take(service, active(1), active(2), told(1, stage="won", closed_at=NOW, amount="twelve"), told(2))
    assert await _refusals(service) == ["amount_invalid"]
    assert len(await _sent(service)) == 1


async def test_partner_when_terminated_then_its_open_registrations_are_withdrawn(service: Service) -> None:
    await _take(service, active(1), told(1), Told(PartnerTerminated(**TIMES, partner_id=UUID(int=1), reason="left"), 2))
    assert [topic for topic, _ in await _sent(service)] == ["deal.registered", "deal.withdrawn"]


async def test_partner_when_terminated_then_any_number_of_registrations_is_withdrawn_with_as_many_statements(service: Service) -> None:
    counts = []
    for partner, open_deals in ((1, 1), (2, 30)):
        deals = [told(partner, external_id=f"{partner}-{n}", account_name=f"A{partner} {n}") for n in range(open_deals)]
        story = enumerate([active(partner), *deals], start=1_000 * partner)
        await service.worker.processor.process([record(one, number=number) for number, one in story])
        with heard(service.platform.worker_database) as statements:
            end = PartnerTerminated(**TIMES, partner_id=UUID(int=partner), reason="left")
            await service.worker.processor.process([record(Told(end, 2), number=9_000 + partner)])
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert [topic for topic, _ in await _sent(service)].count("deal.withdrawn") == 31


@pytest.mark.parametrize("stage_then", ["open", "won"])
async def test_opportunity_when_older_news_comes_late_then_it_undoes_nothing(service: Service, stage_then: str) -> None:
    """The newest news counts even where it changed nothing: nobody is paid for a win that was taken back before."""
    won = {"stage": "won", "closed_at": NOW - timedelta(hours=3), "amount": "100.00"}
    now_so, late = ({}, won) if stage_then == "open" else (won, {})
    story = [active(1), told(1, occurred_at=NOW - timedelta(hours=3), **now_so)]
    still_so = told(1, occurred_at=NOW - timedelta(hours=1), **now_so)
    long_ago = told(1, occurred_at=NOW - timedelta(hours=2), **late)
    await _take(service, *story, still_so)
    known = await _sent(service)
    await _take(service, *story, still_so, long_ago)
    assert await _sent(service) == known
