"""Partners over HTTP, on a real database: what is answered, what is kept, and which events stand in the outbox."""

from dataclasses import dataclass
from uuid import uuid4

import httpx2
import orjson
import pytest

from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage

ALBA = {"name": "Alba Systems", "type": "channel", "region": "EMEA", "country": "DE"}


@dataclass
class World:
    """The service and an operator's client of it."""

    service: Service
    staff: httpx2.AsyncClient

    async def partner(self, *steps: str) -> str:
        """A new partner that has taken the steps; its path."""
        created = await self.staff.post("/v1/partners", json=ALBA)
        path = f"/v1/partners/{created.json()['id']}"
        for step in steps:
            answer = await self.staff.post(f"{path}/{step}", json={} if step in ("activate", "reactivate") else {"reason": "audit"})
            assert answer.status_code == 200, answer.text
        return path

    async def events(self) -> list[tuple[str, str]]:
        """Topic and sequence of every event in the outbox."""
        async with self.service.platform.worker_database.transaction() as uow:
            rows = await uow.fetch("select aggregatetype, headers from outbox order by id")
        return [(row[0], orjson.loads(row[1])["ce_sequence"]) for row in rows]


@pytest.fixture
async def world(stage: Stage) -> World:
    service = await stage.launch("partners", worker=False)
    return World(service, stage.client(service))


async def test_create_when_the_details_fit_then_a_prospect_nobody_hears_of(world: World) -> None:
    answer = await world.staff.post("/v1/partners", json=ALBA)
    assert (answer.status_code, answer.json()["state"], answer.headers["etag"]) == (201, "prospect", '"1"')
    assert await world.events() == []


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "a\nb"}, {"type": "friend"}, {"country": "Germany"}, {"colour": "blue"}])
async def test_create_when_the_details_do_not_fit_then_refused(world: World, wrong: dict[str, str]) -> None:
    answer = await world.staff.post("/v1/partners", json=ALBA | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_steps_when_taken_then_each_has_its_event_with_the_version_as_sequence(world: World) -> None:
    path = await world.partner("activate", "suspend", "reactivate", "terminate")
    assert (await world.staff.get(path)).json()["state"] == "terminated"
    assert await world.events() == [
        ("partner.activated", "2"),
        ("partner.suspended", "3"),
        ("partner.activated", "4"),
        ("partner.terminated", "5"),
    ]


async def test_step_when_the_state_does_not_allow_it_then_refused_and_nothing_is_kept(world: World) -> None:
    path = await world.partner()
    answer = await world.staff.post(f"{path}/suspend", json={"reason": "audit"})
    assert (answer.status_code, answer.json()["code"]) == (409, "partner_state")
    assert answer.json()["detail"] == "A partner that is prospect cannot be suspended."
    assert ((await world.staff.get(path)).json()["version"], await world.events()) == (1, [])


async def test_activate_when_the_signature_lies_in_the_past_then_enrolled_since_then(world: World) -> None:
    path = await world.partner()
    answer = await world.staff.post(f"{path}/activate", json={"enrolled_at": "2024-02-29T12:00:00+02:00"})
    assert answer.json()["enrolled_at"] == "2024-02-29T10:00:00Z"


async def test_activate_when_the_signature_lies_ahead_then_refused(world: World) -> None:
    path = await world.partner()
    answer = await world.staff.post(f"{path}/activate", json={"enrolled_at": "2030-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "enrolment_in_future")


async def test_change_when_active_then_announced_with_the_new_details(world: World) -> None:
    path = await world.partner("activate")
    answer = await world.staff.put(path, json=ALBA | {"region": "DACH"}, headers={"if-match": '"2"'})
    assert (answer.status_code, answer.json()["region"], answer.headers["etag"]) == (200, "DACH", '"3"')
    assert (await world.events())[-1] == ("partner.activated", "3")


async def test_change_when_somebody_was_quicker_then_refused(world: World) -> None:
    path = await world.partner("activate")
    answer = await world.staff.put(path, json=ALBA | {"region": "DACH"}, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")


async def test_change_when_no_version_is_named_then_asked_for(world: World) -> None:
    path = await world.partner()
    answer = await world.staff.put(path, json=ALBA | {"region": "DACH"})
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")


async def test_show_when_there_is_no_such_partner_then_not_found(world: World) -> None:
    answer = await world.staff.get(f"/v1/partners/{uuid4()}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_list_when_paged_and_filtered_then_every_match_once(world: World) -> None:
    paths = [await world.partner("activate") for _ in range(3)] + [await world.partner()]
    seen: list[str] = []
    query = {"limit": "2", "state": "active", "name": ALBA["name"]}
    while True:
        page = (await world.staff.get("/v1/partners", params=query)).json()
        seen += [f"/v1/partners/{one['id']}" for one in page["items"]]
        if page["next"] is None:
            break
        query["next"] = page["next"]
    assert seen == paths[:3]


async def test_create_when_sent_twice_with_one_key_then_created_once(world: World) -> None:
    answers = [await world.staff.post("/v1/partners", json=ALBA, headers={"idempotency-key": "k-1"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len((await world.staff.get("/v1/partners")).json()["items"]) == 1
