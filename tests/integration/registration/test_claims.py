"""The vendor's own opportunities, named accounts and assignments: who may register what, and who may set that aside."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

DAY = timedelta(days=1)
CLAIM: dict[str, Any] = {"source": "crm", "external_id": "1", "kind": "named_account", "account_name": "Acme Holding", "country": "DE"}


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def claimed(world: World, *claims: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await world.staff.post("/v1/vendor-claims", content=b"\n".join(map(orjson.dumps, claims)))
    assert answer.status_code == 200, answer.text
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def test_named_account_when_kept_by_the_vendor_then_refused_without_a_word_of_why(world: World) -> None:
    [result] = await claimed(world, CLAIM | {"note": "our largest"})
    assert result["id"]
    answer = await world.register()
    assert (answer.status_code, answer.json()["code"]) == (409, "existing_opportunity")
    assert "largest" not in answer.text


async def test_named_account_when_staff_gives_a_reason_then_registered(world: World) -> None:
    await claimed(world, CLAIM)
    body = {"partner_id": str(world.partner_id), "override": "agreed with direct sales"}
    assert (await world.registered(world.staff, **body))["protected"]
    refused = await world.register(families=["MG"], override="because I say so")
    assert (refused.status_code, refused.json()["code"]) == (403, "staff_only")


async def test_opportunity_when_it_rests_for_ninety_days_then_it_stands_in_nobodys_way(world: World) -> None:
    await claimed(world, CLAIM | {"kind": "opportunity", "families": ["GTX"]})
    assert (await world.registered(families=["MG"]))["protected"]
    world.stage.clock.advance(90 * DAY - timedelta(microseconds=1))
    assert (await world.register()).json()["code"] == "existing_opportunity"
    world.stage.clock.advance(timedelta(microseconds=1))
    assert (await world.registered())["protected"]


async def test_assignment_when_it_is_anothers_then_refused_and_the_assigned_may(world: World) -> None:
    await claimed(world, CLAIM | {"kind": "assignment", "assigned_to": str(world.rival_id)})
    assert (await world.register()).json()["code"] == "existing_opportunity"
    assert (await world.registered(world.rival))["protected"]


async def test_claim_when_told_again_then_replaced_and_when_ended_then_over(world: World) -> None:
    first, again = (await claimed(world, CLAIM))[0], (await claimed(world, CLAIM | {"families": ["MG"]}))[0]
    assert first["id"] == again["id"]
    assert (await world.registered())["protected"]
    assert (await world.register(families=["MG"])).json()["code"] == "existing_opportunity"
    assert (await world.staff.delete("/v1/vendor-claims/crm/1")).status_code == 204
    assert (await world.staff.delete("/v1/vendor-claims/crm/1")).status_code == 404
    assert (await world.registered(families=["MG"]))["protected"]
    [seen] = (await world.staff.get("/v1/vendor-claims")).json()["items"]
    assert seen["valid_until"] is not None


async def test_claims_when_a_row_is_wrong_then_refused_alone(world: World) -> None:
    results = await claimed(world, CLAIM | {"kind": "assignment"}, CLAIM, CLAIM | {"external_id": "2", "account_name": "--"})
    assert [each["code"] for each in results] == ["row_invalid", None, "account_name_missing"]


async def test_claims_when_a_partner_asks_then_they_are_staffs_alone(world: World) -> None:
    for answer in (await world.partner.get("/v1/vendor-claims"), await world.partner.delete("/v1/vendor-claims/crm/1")):
        assert answer.status_code == 403


async def test_claim_when_a_partner_has_protected_it_then_its_deal_stands_and_a_conflict_is_opened(world: World) -> None:
    deal = await world.registered()
    await world.registered(families=["MG"], territory="APAC", account_domain=None)
    await claimed(world, CLAIM | {"families": ["GTX"]})
    assert (await world.partner.get(f"/v1/deals/{deal['id']}")).json()["protected"]
    [conflict] = (await world.staff.get("/v1/conflicts")).json()["items"]
    assert conflict["kind"] == "direct_sales"
    [told] = await world.told("conflict.opened")
    assert (told["partner_id"], told["deal_ids"]) == (str(world.partner_id), [deal["id"]])
    await claimed(world, CLAIM | {"families": ["GTX"]})
    assert len(await world.told("conflict.opened")) == 1


async def test_claim_when_it_is_an_assignment_then_no_conflict(world: World) -> None:
    await world.registered()
    await claimed(world, CLAIM | {"kind": "assignment", "assigned_to": str(world.rival_id)})
    assert await world.told("conflict.opened") == []
