"""What enablement learns of partners from their events, however these overtake one another."""

from itertools import permutations
from uuid import UUID, uuid4

import httpx2
import pytest

from services.enablement.domain.partners import Standing
from shared.chassis.testing import eventually
from shared.chassis.testing.stage import Stage
from tests.integration.enablement.world import World

HISTORY = ((Standing.ACTIVE, 2), (Standing.SUSPENDED, 3), (Standing.ACTIVE, 4))


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.TERMINATED])
async def test_enrol_when_the_partner_may_not_work_then_refused(world: World, standing: Standing) -> None:
    await world.heard(standing, sequence=3)
    answer = await world.step("enrolments", "foundation", person=uuid4())
    assert (answer.status_code, answer.json()["code"]) == (409, "partner_not_active")
    assert standing.value in answer.json()["detail"]


async def test_enrol_when_the_partner_was_never_heard_of_then_refused(world: World) -> None:
    world.partner_id = uuid4()
    answer = await world.step("enrolments", "foundation", person=uuid4())
    assert (answer.status_code, answer.json()["code"]) == (409, "partner_unknown")


async def test_standing_when_heard_in_any_order_then_the_highest_version_decides(world: World) -> None:
    for order in permutations(HISTORY):
        world.partner_id = uuid4()
        for standing, sequence in order:
            await world.heard(standing, sequence=sequence)
        assert (await world.step("enrolments", "foundation", person=uuid4())).status_code == 201


async def test_partner_when_activated_over_there_then_may_learn_here(stage: Stage) -> None:
    partners = await stage.launch("partners")
    enablement = await stage.launch("enablement")
    staff = stage.client(partners)
    created = await staff.post("/v1/partners", json={"name": "Alba", "type": "channel", "region": "EMEA"})
    partner_id = UUID(created.json()["id"])
    await staff.post(f"/v1/partners/{partner_id}/activate", json={})
    learner = stage.client(enablement, role="partner", partner_id=partner_id)

    async def enrolled() -> httpx2.Response | None:
        answer = await learner.post("/v1/enrolments", json={"person_id": str(uuid4()), "course_id": "foundation"})
        return answer if answer.status_code == 201 else None

    await eventually(enrolled, what="the partner's activation arriving in enablement")
    await staff.post(f"/v1/partners/{partner_id}/suspend", json={"reason": "audit"})

    async def refused() -> bool:
        answer = await learner.post("/v1/enrolments", json={"person_id": str(uuid4()), "course_id": "foundation"})
        return answer.status_code == 409 and answer.json()["code"] == "partner_not_active"

    await eventually(refused, what="the partner's suspension arriving in enablement")
