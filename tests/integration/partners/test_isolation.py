"""A partner sees itself and its own people; staff see all; nobody sees more than their token says."""

from uuid import UUID

import pytest

from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage

ADA = {"name": "Ada", "email": "ada@example.com"}


@pytest.fixture
async def service(stage: Stage) -> Service:
    return await stage.launch("partners", worker=False)


async def partner(stage: Stage, service: Service, name: str) -> UUID:
    body = {"name": name, "type": "channel", "region": "EMEA"}
    return UUID((await stage.client(service).post("/v1/partners", json=body)).json()["id"])


async def test_partner_when_it_lists_then_sees_itself_alone(stage: Stage, service: Service) -> None:
    mine, other = await partner(stage, service, "Alba"), await partner(stage, service, "Baltic")
    client = stage.client(service, role="partner", partner_id=mine)
    assert [one["id"] for one in (await client.get("/v1/partners")).json()["items"]] == [str(mine)]
    assert (await client.get(f"/v1/partners/{mine}")).status_code == 200
    assert (await client.get(f"/v1/partners/{other}")).status_code == 404


async def test_partner_when_it_asks_for_a_rivals_people_then_not_found(stage: Stage, service: Service) -> None:
    mine, other = await partner(stage, service, "Alba"), await partner(stage, service, "Baltic")
    theirs = f"/v1/partners/{other}/contacts"
    person_id = (await stage.client(service).post(theirs, json=ADA)).json()["person_id"]
    client = stage.client(service, role="partner", partner_id=mine)
    answers = [
        await client.get(theirs),
        await client.post(theirs, json=ADA),
        await client.put(f"{theirs}/{person_id}", json=ADA, headers={"if-match": "*"}),
        await client.delete(f"{theirs}/{person_id}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4


async def test_partner_when_it_keeps_its_own_people_then_allowed(stage: Stage, service: Service) -> None:
    mine = await partner(stage, service, "Alba")
    client = stage.client(service, role="partner", partner_id=mine)
    recorded = await client.post(f"/v1/partners/{mine}/contacts", json=ADA)
    assert (recorded.status_code, recorded.json()["partner_id"]) == (201, str(mine))


@pytest.mark.parametrize("step", ["activate", "suspend", "reactivate", "terminate"])
async def test_partner_when_it_would_move_itself_then_out_of_scope(stage: Stage, service: Service, step: str) -> None:
    mine = await partner(stage, service, "Alba")
    answer = await stage.client(service, role="partner", partner_id=mine).post(f"/v1/partners/{mine}/{step}", json={"reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
