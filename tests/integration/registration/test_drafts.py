"""Drafts: prepared, changed, deleted, and submitted once they are whole."""

import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import ACME, World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def test_draft_when_prepared_then_it_keeps_nobody_out_and_is_its_partners_alone(world: World) -> None:
    answer = await world.partner.post("/v1/drafts", json={"account_name": "Acme Holding"})
    assert answer.status_code == 201, answer.text
    draft = answer.json()
    assert (draft["version"], draft["deal"]) == (1, {"account_name": "Acme Holding"})
    assert (await world.rival.get(f"/v1/drafts/{draft['id']}")).status_code == 404
    assert (await world.rival.delete(f"/v1/drafts/{draft['id']}")).status_code == 404
    assert (await world.registered(world.rival))["protected"]


async def test_draft_when_not_whole_then_it_cannot_be_submitted_and_stays(world: World) -> None:
    draft = (await world.partner.post("/v1/drafts", json={"account_name": "Acme Holding"})).json()
    answer = await world.partner.post(f"/v1/drafts/{draft['id']}/submit")
    assert (answer.status_code, answer.json()["code"]) == (422, "draft_incomplete")
    assert "families" in answer.json()["detail"]
    assert (await world.partner.get(f"/v1/drafts/{draft['id']}")).status_code == 200


async def test_draft_when_whole_then_submitted_and_gone(world: World) -> None:
    draft = (await world.partner.post("/v1/drafts", json={"account_name": "Acme"})).json()
    changed = await world.partner.put(f"/v1/drafts/{draft['id']}", json=ACME, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    stale = await world.partner.put(f"/v1/drafts/{draft['id']}", json=ACME, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    deal = await world.partner.post(f"/v1/drafts/{draft['id']}/submit")
    assert (deal.status_code, deal.json()["protected"]) == (201, True)
    assert (await world.partner.get("/v1/drafts")).json()["items"] == []


async def test_draft_when_the_account_is_taken_then_refused_and_the_draft_stays(world: World) -> None:
    await world.registered(world.rival)
    draft = (await world.partner.post("/v1/drafts", json=ACME)).json()
    assert (await world.partner.post(f"/v1/drafts/{draft['id']}/submit")).json()["code"] == "account_taken"
    assert len((await world.partner.get("/v1/drafts")).json()["items"]) == 1


async def test_draft_when_deleted_then_gone_for_good(world: World) -> None:
    draft = (await world.partner.post("/v1/drafts", json=ACME)).json()
    assert (await world.partner.delete(f"/v1/drafts/{draft['id']}")).status_code == 204
    assert (await world.partner.delete(f"/v1/drafts/{draft['id']}")).status_code == 404


async def test_draft_when_a_partner_prepares_for_another_then_refused(world: World) -> None:
    answer = await world.partner.post("/v1/drafts", json=ACME | {"partner_id": str(world.rival_id)})
    assert answer.status_code == 403
    assert (await world.staff.post("/v1/drafts", json=ACME)).status_code == 422
    assert (await world.staff.post("/v1/drafts", json=ACME | {"partner_id": str(world.partner_id)})).status_code == 201


async def test_drafts_when_their_partner_is_suspended_then_kept_and_when_terminated_then_gone(world: World) -> None:
    await world.partner.post("/v1/drafts", json={"account_name": "Acme"})
    other = (await world.rival.post("/v1/drafts", json={"account_name": "Zebra"})).json()
    left = []
    for sequence, standing in enumerate((Standing.SUSPENDED, Standing.TERMINATED), start=2):
        await world.heard(world.partner_id, standing, sequence=sequence)
        left.append(len((await world.staff.get("/v1/drafts")).json()["items"]))
    assert left == [2, 1]
    assert (await world.rival.get(f"/v1/drafts/{other['id']}")).status_code == 200
