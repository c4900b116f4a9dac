"""Endpoints over HTTP: whose they are, what they show once and never again, what is refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from shared.chassis.testing import ManualClock
from tests.integration.notifications.world import ALBA, BORA, World

HOOK = {"url": "https://hooks.example.com/hansa", "event_types": ["deal.*"], "description": "CRM"}


async def test_endpoint_when_opened_then_secret_is_shown_once_and_sealed_at_rest(world: World) -> None:
    client = await world.client(ALBA)
    shown = (await client.post("/v1/endpoints", json=HOOK)).json()
    endpoint, secret = shown["endpoint"], shown["secret"]
    assert secret.startswith("whsec_")
    assert "secret" not in (await client.get(f"/v1/endpoints/{endpoint['id']}")).json()
    stored = await world.rows("select sealed, e::text from endpoint_secrets s, endpoints e")
    assert secret.removeprefix("whsec_").encode() not in stored[0][0]
    assert secret not in stored[0][1]


async def test_endpoint_when_opened_twice_with_one_key_then_one_endpoint_and_no_secret_kept(world: World) -> None:
    client = await world.client(ALBA)
    first = await client.post("/v1/endpoints", json=HOOK, headers={"idempotency-key": "k"})
    second = await client.post("/v1/endpoints", json=HOOK, headers={"idempotency-key": "k"})
    assert second.json() == first.json() | {"secret": None}
    assert (second.status_code, second.headers["etag"], second.headers["idempotent-replayed"]) == (201, '"1"', "true")
    ((kept,),) = await world.rows("select body from idempotency_keys")
    assert b"whsec_" not in bytes(kept)
    assert await world.rows("select count(*) from endpoints") == [(1,)]


async def test_endpoint_when_of_another_partner_then_not_there(world: World) -> None:
    shown = (await (await world.client(ALBA)).post("/v1/endpoints", json=HOOK)).json()["endpoint"]
    vendors = (await (await world.client()).post("/v1/endpoints", json=HOOK)).json()["endpoint"]
    rival = await world.client(BORA)
    for endpoint in (shown, vendors):
        path = f"/v1/endpoints/{endpoint['id']}"
        answers = [
            await rival.get(path),
            await rival.put(path, json=HOOK, headers={"if-match": "*"}),
            await rival.delete(path),
            await rival.get(f"{path}/deliveries"),
            *[await rival.post(f"{path}/{verb}", json={}) for verb in ("enable", "disable", "rotate-secret", "test")],
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert (await rival.get("/v1/endpoints")).json()["items"] == []
    assert len((await (await world.client()).get("/v1/endpoints")).json()["items"]) == 2


async def test_delivery_when_of_another_partner_then_not_there(world: World) -> None:
    endpoint = await world.endpoint("http://127.0.0.1:9999/", partner_id=ALBA)
    await world.tell(world.withdrawn(ALBA))
    (delivery,) = await world.deliveries(endpoint)
    rival, path = await world.client(BORA), f"/v1/deliveries/{delivery['id']}"
    answers = [await rival.get(path), await rival.get(f"{path}/attempts"), await rival.post(f"{path}/redeliver")]
    assert {answer.status_code for answer in answers} == {404}
    assert (await (await world.client(ALBA)).get(path)).json() == delivery
    assert (await (await world.client(ALBA)).post(f"{path}/redeliver")).json()["code"] == "delivery_open"


async def test_endpoint_when_staff_open_it_for_a_partner_then_it_is_the_partners(world: World) -> None:
    shown = (await (await world.client()).post("/v1/endpoints", json=HOOK | {"partner_id": str(ALBA)})).json()["endpoint"]
    assert (await (await world.client(ALBA)).get(f"/v1/endpoints/{shown['id']}")).status_code == 200
    refused = await (await world.client(BORA)).post("/v1/endpoints", json=HOOK | {"partner_id": str(ALBA)})
    assert (refused.status_code, refused.json()["code"]) == (403, "other_partner")


async def test_endpoint_when_changed_with_its_version_then_changed_and_else_refused(world: World) -> None:
    client = await world.client(ALBA)
    path = f"/v1/endpoints/{(await client.post('/v1/endpoints', json=HOOK)).json()['endpoint']['id']}"
    changed = await client.put(path, json=HOOK | {"event_types": []}, headers={"if-match": '"1"'})
    assert (changed.json()["event_types"], changed.headers["etag"]) == (["*"], '"2"')
    assert (await client.put(path, json=HOOK, headers={"if-match": '"1"'})).status_code == 412
    assert (await client.put(path, json=HOOK)).status_code == 428


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "http://hooks.example.com/"}, "url_refused"),
        ({"url": "https://127.0.0.1/"}, "url_refused"),
        ({"url": "https://[::ffff:169.254.169.254]/"}, "url_refused"),
        ({"url": "https://hooks.example.com:25/"}, "url_refused"),
        ({"event_types": ["deal.clsed"]}, "event_type_unknown"),
        ({"colour": "red"}, "invalid_request"),
    ],
)
async def test_endpoint_when_not_in_order_then_refused(world: World, change: dict[str, object], code: str) -> None:
    service = await world.stage.build("notifications", kafka=False, **(world.settings | {"allow_private_targets": False}))
    answer = await world.stage.client(service, role="partner", partner_id=ALBA).post("/v1/endpoints", json=HOOK | change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_endpoints_when_too_many_then_refused_for_that_partner_alone(world: World) -> None:
    client = await world.client(ALBA)
    for _ in range(20):
        assert (await client.post("/v1/endpoints", json=HOOK)).status_code == 201
    assert (await client.post("/v1/endpoints", json=HOOK)).json()["code"] == "endpoint_limit"
    assert (await (await world.client(BORA)).post("/v1/endpoints", json=HOOK)).status_code == 201


async def test_endpoint_when_removed_then_its_deliveries_go_with_it(world: World) -> None:
    endpoint = await world.endpoint("http://127.0.0.1:9999/", partner_id=ALBA)
    await world.tell(world.withdrawn(ALBA))
    client, path = await world.client(ALBA), f"/v1/endpoints/{endpoint['endpoint']['id']}"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert await world.rows("select (select count(*) from deliveries), (select count(*) from endpoint_secrets)") == [(0, 0)]


async def test_endpoint_when_disabled_then_nothing_new_is_made_and_what_was_open_waits(world: World, clock: ManualClock) -> None:
    endpoint = await world.endpoint("http://127.0.0.1:9999/", partner_id=ALBA)
    await world.tell(world.withdrawn(ALBA))
    client, path = await world.client(ALBA), f"/v1/endpoints/{endpoint['endpoint']['id']}"
    assert (await client.post(f"{path}/disable")).json()["disabled_because"] == "owner"
    await world.tell(world.withdrawn(ALBA))
    assert (await client.post(f"{path}/test")).json()["code"] == "endpoint_disabled"
    clock.advance(timedelta(hours=1))
    await client.post(f"{path}/enable")
    (delivery,) = await world.deliveries(endpoint)
    assert delivery["state"] == "pending"
    assert await world.rows("select due_at from deliveries") == [(clock.now(),)]


async def test_secrets_when_no_key_is_set_then_refused_in_words(world: World) -> None:
    service = await world.stage.build("notifications", kafka=False, **(world.settings | {"secret_keys": SecretStr("")}))
    answer = await world.stage.client(service).post("/v1/endpoints", json=HOOK)
    assert (answer.status_code, answer.json()["code"]) == (409, "sealing_key_missing")


async def test_lists_when_paged_then_every_item_comes_once(world: World) -> None:
    client = await world.client(ALBA)
    made = [(await client.post("/v1/endpoints", json=HOOK)).json()["endpoint"]["id"] for _ in range(5)]
    first = (await client.get("/v1/endpoints", params={"limit": 3})).json()
    second = (await client.get("/v1/endpoints", params={"limit": 3, "next": first["next"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made
    assert second["next"] is None
    assert (await client.get(f"/v1/endpoints/{uuid4()}/deliveries")).status_code == 404
