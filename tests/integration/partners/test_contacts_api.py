"""The people at a partner: recorded, corrected, and erased without a trace."""

from uuid import uuid4

import orjson
import pytest

from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage

ALBA = {"name": "Alba Systems", "type": "channel", "region": "EMEA"}
ADA = {"name": "Ada", "email": "ada@example.com", "role": "sales lead"}


@pytest.fixture
async def service(stage: Stage) -> Service:
    return await stage.launch("partners", worker=False)


async def contacts_of_a_partner(stage: Stage, service: Service) -> str:
    created = await stage.client(service).post("/v1/partners", json=ALBA)
    return f"/v1/partners/{created.json()['id']}/contacts"


async def test_contact_when_recorded_then_listed_and_announced_by_person(stage: Stage, service: Service) -> None:
    path, staff = await contacts_of_a_partner(stage, service), stage.client(service)
    recorded = (await staff.post(path, json=ADA)).json()
    assert (await staff.get(path)).json()["items"] == [recorded]
    async with service.platform.worker_database.transaction() as uow:
        rows = await uow.fetch("select aggregatetype, aggregateid, payload from outbox")
    assert [(row[0], row[1]) for row in rows] == [("contact.recorded", recorded["person_id"])]
    assert orjson.loads(rows[0][2])["email"] == ADA["email"]


async def test_contact_when_changed_with_its_version_then_announced_again(stage: Stage, service: Service) -> None:
    path, staff = await contacts_of_a_partner(stage, service), stage.client(service)
    person = f"{path}/{(await staff.post(path, json=ADA)).json()['person_id']}"
    changed = await staff.put(person, json=ADA | {"role": None}, headers={"if-match": '"1"'})
    stale = await staff.put(person, json=ADA, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], stale.status_code) == (200, '"2"', 412)


async def test_contact_when_erased_then_gone_here_and_a_tombstone_goes_out(stage: Stage, service: Service) -> None:
    path, staff = await contacts_of_a_partner(stage, service), stage.client(service)
    person_id = (await staff.post(path, json=ADA)).json()["person_id"]
    assert (await staff.delete(f"{path}/{person_id}")).status_code == 204
    assert (await staff.get(path)).json()["items"] == []
    async with service.platform.worker_database.transaction() as uow:
        rows = await uow.fetch("select aggregateid, payload is null from outbox order by id")
    assert [tuple(row) for row in rows] == [(person_id, False), (person_id, True)]


async def test_contact_when_erased_then_the_topic_has_its_tombstone_last(stage: Stage) -> None:
    service = await stage.launch("partners")
    path, staff = await contacts_of_a_partner(stage, service), stage.client(service)
    person_id = (await staff.post(path, json=ADA)).json()["person_id"]
    await staff.delete(f"{path}/{person_id}")
    records = await (await stage.wire()).read_until("contact.recorded", enough=lambda found: len(found) == 2)
    assert [record.key for record in records] == [person_id.encode()] * 2
    assert records[-1].value is None


async def test_contact_when_the_partner_is_another_then_not_found(stage: Stage, service: Service) -> None:
    path, staff = await contacts_of_a_partner(stage, service), stage.client(service)
    person_id = (await staff.post(path, json=ADA)).json()["person_id"]
    other = await contacts_of_a_partner(stage, service)
    assert (await staff.delete(f"{other}/{person_id}")).status_code == 404
    assert (await staff.post(f"/v1/partners/{uuid4()}/contacts", json=ADA)).status_code == 404
