"""Plan versions are recorded, never edited, and rule deals by their close date alone."""

from datetime import timedelta

import httpx2
import pytest

from services.commission.use_cases.audit import audit
from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import NOW, closed, partner, refunded, rows, take_in

TOMORROW = (NOW + timedelta(days=1)).date().isoformat()


def _document(start: str, *, rate: str = "0.5", currency: str = "USD", period: str = "quarter") -> dict[str, object]:
    version = {"effective_from": start, "period": period, "brackets": [{"from": "0", "to": None, "rate": rate}]}
    return {"document": {"currency": currency, "versions": [version]}, "reason": "a better year"}


async def test_version_when_it_starts_tomorrow_then_by_close_date_and_refunds_keep_the_old_one(
    commission: Service, operator: httpx2.AsyncClient
) -> None:
    await take_in(commission, closed(1, 100_00))
    answer = await operator.post("/v1/plans", json=_document(TOMORROW))
    assert (answer.status_code, answer.json()["first_version"]) == (201, 2)
    await take_in(commission, closed(2, 100_00, at=NOW + timedelta(days=1)), closed(3, 100_00), refunded(1, 100_00))
    entries = await rows(commission, "select amount_minor, plan_version from entries order by seq")
    assert entries == [(15_00, 1), (50_00, 2), (15_00, 1), (-15_00, 1)]
    assert await rows(commission, "select distinct plan_known from journal where partner_id is not null order by 1") == [(1,), (2,)]
    async with commission.platform.worker_database.transaction() as uow:
        assert (await audit(uow)).ok


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (_document((NOW - timedelta(days=1)).date().isoformat()), "plan_starts_in_past"),
        (_document(TOMORROW, currency="EUR"), "plan_currency_fixed"),
        (_document(TOMORROW, rate="-0.1"), "plan_invalid"),
    ],
)
async def test_version_when_it_cannot_stand_then_refused(operator: httpx2.AsyncClient, document: dict[str, object], code: str) -> None:
    answer = await operator.post("/v1/plans", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert len((await operator.get("/v1/plans")).json()) == 1


async def test_version_when_a_partner_would_record_one_then_out_of_scope(stage: Stage, commission: Service) -> None:
    client = stage.client(commission, role="partner", partner_id=partner(1))
    assert (await client.post("/v1/plans", json=_document(TOMORROW))).status_code == 403
