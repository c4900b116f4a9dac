"""A partner's token binds it to its own people, whatever a body says."""

from uuid import uuid4

import pytest

from services.enablement.domain.partners import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.enablement.world import World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def test_partner_when_the_body_names_a_rival_then_enrolled_for_itself(world: World) -> None:
    mine = uuid4()
    await world.heard(Standing.ACTIVE, sequence=2, partner_id=mine)
    client = world.stage.client(world.service, role="partner", partner_id=mine)
    body = {"person_id": str(uuid4()), "course_id": "foundation", "partner_id": str(world.partner_id)}
    assert (await client.post("/v1/enrolments", json=body)).json()["partner_id"] == str(mine)


async def test_partner_when_it_lists_then_sees_its_own_people_alone(world: World) -> None:
    ada = uuid4()
    await world.learned("foundation", person=ada)
    await world.step("certificates", "foundation", person=ada)
    rival = world.stage.client(world.service, role="partner", partner_id=uuid4())
    own = world.stage.client(world.service, role="partner", partner_id=world.partner_id)
    for kind in ("enrolments", "completions", "certificates"):
        assert (await rival.get(f"/v1/{kind}", params={"person_id": str(ada)})).json()["items"] == []
        assert len((await own.get(f"/v1/{kind}", params={"person_id": str(ada)})).json()["items"]) == 1


@pytest.mark.parametrize("kind", ["completions", "certificates"])
async def test_partner_when_it_would_certify_its_own_people_then_out_of_scope(world: World, kind: str) -> None:
    client = world.stage.client(world.service, role="partner", partner_id=world.partner_id)
    answer = await client.post(f"/v1/{kind}", json={"person_id": str(uuid4()), "course_id": "foundation"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
