"""Receipts of deals that come as a set: one run of links, one signature, each receipt whole when it is asked for."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.registration.domain.receipts.document import check_receipt
from services.registration.domain.receipts.download import check_download
from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.use_cases.hear_of_partner import hear_of_partner
from shared.chassis.testing.records import Told, records
from shared.chassis.testing.stage import Stage
from shared.schemas.crm import OpportunityChanged
from tests.integration.registration.test_receipts import links, published, receipt
from tests.integration.registration.world import World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


def row(world: World, number: int, **changed: Any) -> dict[str, Any]:
    engaged = world.stage.clock.now() - timedelta(days=number + 1)
    told = {"source": "crm", "external_id": f"O{number}", "partner_id": str(world.partner_id), "families": ["GTX"], "stage": "open"}
    return told | {"account_name": f"Customer {number}", "country": "US", "engaged_at": engaged.isoformat()} | changed


async def test_import_when_it_registers_then_each_new_deal_has_a_receipt_in_one_run_as_decided(world: World) -> None:
    await world.registered()
    results = await world.imported(*(row(world, number) for number in range(5)), {"wrong": 1})
    again = await world.imported(*(row(world, number) for number in range(5)))
    assert [result["result"] for result in (*results, *again)] == ["registered"] * 5 + ["refused"] + ["unchanged"] * 5
    keys = await published(world.staff)
    given = [(await world.staff.get(f"/v1/deals/{result['deal_id']}/receipt")).json() for result in results[:5]]
    assert [each["sequence"] for each in given] == [6, 5, 4, 3, 2], "who engaged first has the lower one"
    assert [fault for each in given for fault in check_receipt(each, keys)] == []
    assert (given[0]["content"]["source"], given[0]["content"]["external_id"]) == ("crm", "O0")
    assert given[0]["content"]["registered_at"] < given[0]["received_at"]
    assert await world.rows("select sequence from receipt_links where signature is not null order by 1") == [(1,), (6,)]
    assert check_download([await links(world.staff)])[1] == []


async def test_receipt_when_within_a_run_then_its_partner_gets_it_signed_too(world: World) -> None:
    rows = [row(world, 3 - place, partner_id=str(who)) for place, who in enumerate([world.partner_id, world.rival_id] * 2)]
    await world.imported(*rows)
    keys = await published(world.partner)
    own = [await receipt(world.partner, sequence) for sequence in (1, 3)]
    assert [check_receipt(each, keys) for each in own] == [[], []]
    assert (await world.partner.get("/v1/receipts/2")).status_code == 404


@pytest.mark.parametrize(
    "tampering",
    [
        "update receipts set content = replace(content, 'Customer 2', 'Customer X') where sequence = 1",
        "update receipt_links set hash = content_hash where sequence = 1",
        "update receipt_links set hash = content_hash where sequence = 2",
        "delete from receipt_links where sequence = 2",
        "update receipt_links set signature = content_hash where sequence = 3",
        "delete from receipt_links where sequence = 3",
    ],
)
async def test_receipt_when_its_run_was_tampered_with_then_nobody_signs_it(world: World, tampering: str) -> None:
    await world.imported(*(row(world, number) for number in range(3)))
    connection = await asyncpg.connect(world.stage.stores.admin_dsn.rpartition("/")[0] + "/hansa_registration")
    await connection.execute("set session_replication_role = replica")
    await connection.execute(tampering)
    await connection.close()
    answer = await world.partner.get("/v1/receipts/1")
    assert (answer.status_code, answer.json()["code"]) == (409, "receipt_in_doubt")


def _told(number: int, **given: Any) -> Told:
    body = {"source": "crm", "external_id": f"E{number}", "account_name": f"Customer {number}", "families": ("GTX",), "stage": "open"}
    return Told(OpportunityChanged.model_validate(body | given))


async def test_opportunities_when_consumed_then_those_that_waited_have_receipts_too(world: World) -> None:
    late = PartnerId(uuid4())
    now = world.stage.clock.now()
    whose = [world.partner_id, late, world.rival_id, late]
    story = [_told(number, partner_id=who, engaged_at=now, occurred_at=now, recorded_at=now) for number, who in enumerate(whose)]
    processor = world.service.worker.processor
    await processor.process(records(story))
    assert await world.rows("select count(*) from receipts") == [(2,)]
    async with world.service.platform.worker_database.transaction() as uow:
        await hear_of_partner(uow, late, standing=Standing.ACTIVE, kind=None, sequence=1, policy=Policy())
        await processor.run_released(uow)
    assert await world.rows("select count(*) from receipts where partner_id = $1", late) == [(2,)]
    assert check_download([await links(world.staff)])[1] == []
    assert await world.rows("select sequence from receipt_links where signature is not null order by 1") == [(2,), (4,)]
