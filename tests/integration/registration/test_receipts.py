"""Receipts over HTTP: one for each submission, in one chain without a gap, that nobody can change and no rival can read."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from sqlalchemy.exc import DBAPIError

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.receipts.document import check_head, check_receipt
from services.registration.domain.receipts.download import check_download, passes_through
from services.registration.domain.receipts.keys import PublicKeys
from services.registration.domain.receipts.receipt import Submission
from services.registration.domain.values import PartnerId
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receipts.signing import Signer
from shared.chassis.ids import new_id
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World

GENESIS = "00" * 32


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def published(client: httpx2.AsyncClient) -> PublicKeys:
    return PublicKeys.of_jwks((await client.get("/v1/receipts/keys")).json())


async def receipt(client: httpx2.AsyncClient, sequence: object) -> dict[str, Any]:
    answer = await client.get(f"/v1/receipts/{sequence}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def links(client: httpx2.AsyncClient, first: int = 1, to: int | None = None) -> dict[str, Any]:
    answer = await client.get("/v1/receipts/links", params={"from": first} | ({"to": to} if to else {}))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_receipt_when_a_deal_is_registered_then_named_in_the_answer_and_right_without_the_service(world: World) -> None:
    answer = await world.register(expected_amount="1054.00", tax_id="DE 123", crm_ids=["sf:1"], evidence="Mail of Jo Doe, 2 March")
    given = await receipt(world.partner, answer.headers["receipt-sequence"])
    of_deal = (await world.partner.get(f"/v1/deals/{answer.json()['id']}/receipt")).json()
    assert given == of_deal
    assert (given["sequence"], given["previous_hash"], given["hash"]) == (1, GENESIS, answer.headers["receipt-hash"])
    assert given["received_at"] == "2026-03-02T09:00:00.000000Z"
    assert check_receipt(given, await published(world.stage.client(world.service, role=None))) == []
    assert given["content"] == {
        "account_domain": "https://www.acme.co.uk/about",
        "account_name": "Acme Holding",
        "country": "DE",
        "crm_ids": ["sf:1"],
        "evidence_hash": hashlib.sha256(b"Mail of Jo Doe, 2 March").hexdigest(),
        "expected_amount": "1054.00",
        "expected_currency": "USD",
        "external_id": None,
        "families": ["GTX"],
        "partner_id": str(world.partner_id),
        "registered_at": None,
        "source": None,
        "subject_id": answer.json()["id"],
        "tax_id": "DE 123",
        "territory": None,
    }


async def test_receipt_when_of_a_refused_rival_then_shaped_alike_and_silent_about_the_holder(world: World) -> None:
    won = await world.register()
    lost = await world.register(world.rival)
    assert (lost.status_code, lost.json()["code"]) == (409, "account_taken")
    winner = await receipt(world.partner, won.headers["receipt-sequence"])
    rival = await receipt(world.rival, lost.headers["receipt-sequence"])
    assert rival["sequence"] == winner["sequence"] + 1
    assert (rival.keys(), rival["content"].keys()) == (winner.keys(), winner["content"].keys())
    same = {"subject_id", "partner_id"}
    assert {key: value for key, value in rival["content"].items() if key not in same} == {
        key: value for key, value in winner["content"].items() if key not in same
    }
    [(_, _, refused)] = [event for event in await world.events() if event[0] == "deal.duplicate_refused"]
    assert rival["content"]["subject_id"] == refused["refusal_id"]
    told = str(rival) + lost.text + str(lost.headers)
    for secret in (world.partner_id, won.json()["id"], winner["content_hash"], winner["salt"]):
        assert str(secret) not in told
    assert rival["previous_hash"] == winner["hash"], "which everyone may see, and which says nothing"


async def test_receipt_when_of_another_then_it_is_not_there(world: World) -> None:
    deal = await world.registered()
    for path in ("/v1/receipts/1", f"/v1/deals/{deal['id']}/receipt", "/v1/receipts/2", "/v1/receipts/first", f"/v1/receipts/{2**70}"):
        assert (await world.rival.get(path)).status_code == 404
    assert (await world.rival.get("/v1/receipts")).json()["items"] == []
    assert (await world.rival.get("/v1/receipts", params={"partner_id": str(world.partner_id)})).json()["items"] == []
    assert (await receipt(world.staff, 1))["content"]["partner_id"] == str(world.partner_id)


async def test_receipt_when_a_customer_is_ambiguous_then_each_try_has_one(world: World) -> None:
    await world.registered()
    await world.registered(account_name="Beta", account_domain="beta.com")
    answers = [await world.register(world.rival, account_name="Beta") for _ in range(2)]
    assert [answer.json()["code"] for answer in answers] == ["account_ambiguous"] * 2
    assert [answer.headers["receipt-sequence"] for answer in answers] == ["3", "4"]


@pytest.mark.parametrize("changed", [{"families": [" "]}, {"account_name": "."}, {"currency": "XXX", "expected_amount": "1"}, {"more": 1}])
async def test_receipt_when_the_request_is_wrong_then_none(world: World, changed: dict[str, Any]) -> None:
    answer = await world.register(**changed)
    assert (answer.status_code, "receipt-sequence" in answer.headers) == (422, False)
    assert await world.rows("select count(*) from receipt_links") == [(0,)]


async def test_answer_when_repeated_by_its_key_then_the_same_receipt(world: World) -> None:
    headers = {"idempotency-key": "k"}
    first, again = [await world.partner.post("/v1/deals", json={"account_name": "A", "families": ["F"]}, headers=headers) for _ in range(2)]
    assert first.headers["receipt-hash"] == again.headers["receipt-hash"]
    assert await world.rows("select count(*) from receipts") == [(1,)]


async def test_list_when_paged_then_in_order_and_filtered_for_staff(world: World) -> None:
    for number in range(3):
        await world.registered(account_name=f"A{number}", account_domain=None)
        await world.registered(world.rival, account_name=f"B{number}", account_domain=None)
    page = (await world.partner.get("/v1/receipts", params={"limit": 2})).json()
    rest = (await world.partner.get("/v1/receipts", params={"limit": 2, "next": page["next"]})).json()
    assert [item["sequence"] for item in (*page["items"], *rest["items"])] == [1, 3, 5]
    of_rival = (await world.staff.get("/v1/receipts", params={"partner_id": str(world.rival_id)})).json()
    assert [(item["sequence"], item["account_name"]) for item in of_rival["items"]] == [(2, "B0"), (4, "B1"), (6, "B2")]


async def test_chain_when_watched_by_a_partner_then_it_goes_through_its_head_and_its_receipts(world: World) -> None:
    kept = (await world.rival.get("/v1/receipts/head")).json()
    assert (kept["sequence"], kept["hash"]) == (0, GENESIS)
    own = await world.register(world.rival)
    before = (await world.rival.get("/v1/receipts/head")).json()
    for number in range(4):
        await world.registered(account_name=f"A{number}", account_domain=None)
    head, keys = (await world.rival.get("/v1/receipts/head")).json(), await published(world.rival)
    page = await links(world.rival)
    found, faults = check_download([page])
    assert faults == [fault for each in (kept, before, head) for fault in check_head(each, keys)] == []
    assert (len(found), head["sequence"], page["next"]) == (5, 5, None)
    for each in (kept, before, head, await receipt(world.rival, own.headers["receipt-sequence"])):
        assert passes_through(found, each) == []
    assert [link["sequence"] for link in (await links(world.rival, 2, 3))["links"]] == [2, 3]
    assert set(page["links"][0]) == {"sequence", "content_hash", "previous_hash", "hash"}


@pytest.mark.parametrize("known", [False, True], ids=["new account", "known account"])
async def test_receipts_when_sixty_four_come_at_once_then_no_gap_and_the_winner_is_first(world: World, known: bool) -> None:
    if known:
        await world.registered(families=["other"])
    rivals = [uuid4() for _ in range(64)]
    for rival in rivals:
        await world.heard(rival)
    clients = [world.stage.client(world.service, role="partner", partner_id=rival) for rival in rivals]
    answers = await asyncio.gather(*(world.register(client) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 63
    given = {int(answer.headers["receipt-sequence"]): answer.status_code for answer in answers}
    assert sorted(given) == list(range(1 + known, 65 + known))
    assert given[min(given)] == 201, "the winner came first"
    page, keys = await links(world.staff), await published(world.staff)
    assert check_download([page])[1] == []
    hashes = {link["sequence"]: link["hash"] for link in page["links"]}
    for client, answer in zip(clients, answers, strict=True):
        own = await receipt(client, answer.headers["receipt-sequence"])
        assert (check_receipt(own, keys), own["hash"]) == ([], hashes[own["sequence"]])


async def test_time_when_a_clock_is_behind_then_it_never_goes_back_along_the_chain(world: World) -> None:
    first = await world.register()
    world.stage.clock.advance(timedelta(seconds=-1))
    later = await world.register(world.rival)
    world.stage.clock.advance(timedelta(seconds=2))
    last = await world.register(world.rival)
    times = [(await receipt(world.staff, each.headers["receipt-sequence"]))["received_at"][17:19] for each in (first, later, last)]
    assert times == ["00", "00", "01"]


async def _die(world: World, receipts: Receipts, lost: Submission) -> None:
    async with world.service.platform.worker_database.transaction() as uow:
        assert (await receipts.issue(uow, lost)).sequence == 2
        [(pid,)] = await uow.fetch("select pg_backend_pid()")
        await world.killed(pid)


async def test_receipt_when_its_transaction_dies_before_the_commit_then_the_next_one_takes_its_place(world: World) -> None:
    await world.registered()
    receipts = Receipts(Signer(world.service.platform.settings.signing_keys))  # type: ignore[attr-defined]
    lost = Submission(subject_id=new_id(), partner_id=PartnerId(world.partner_id), customer=Customer(name="Lost"), families=("GTX",))
    with pytest.raises(DBAPIError):
        await _die(world, receipts, lost)
    answer = await world.register(world.rival)
    assert answer.headers["receipt-sequence"] == "2"
    assert check_download([await links(world.staff)])[1] == []


CHANGES = [
    "update receipts set content = content",
    "update receipts set partner_id = partner_id",
    "delete from receipts",
    "truncate receipts",
    "update receipt_links set hash = hash",
    "delete from receipt_links",
    "truncate receipt_links",
    "delete from receipt_head",
    "truncate receipt_head",
    "update receipt_head set sequence = 0",
    "update receipt_head set hash = hash",
    "update receipt_head set sequence = sequence + 1, received_at = received_at - interval '1 second'",
]


@pytest.mark.parametrize("kind", ["migrator", "worker", "api"])
async def test_record_when_any_role_would_change_it_then_the_database_refuses(world: World, kind: str) -> None:
    await world.registered()
    address = getattr(world.service.platform.settings, f"{kind}_url").replace("+asyncpg", "")
    connection = await asyncpg.connect(address)
    await connection.execute("select set_config('hansa.operator', 'on', false)")
    before = await connection.fetch("select * from receipts join receipt_links using (sequence), receipt_head")
    for change in CHANGES:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)):
            await connection.execute(change)
    assert await connection.fetch("select * from receipts join receipt_links using (sequence), receipt_head") == before
    assert len(before) == 1
    await connection.close()


async def test_service_when_it_has_no_key_then_nothing_is_registered_and_it_says_so(stage: Stage) -> None:
    world = await World.open(stage)
    keyless = await stage.launch("registration", worker=False, receipt_keys_file=None)
    client = stage.client(keyless, role="partner", partner_id=world.partner_id)
    answer = await world.register(client)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert await world.rows("select count(*) from deals") == [(0,)]
    assert (await world.registered())["protected"]


async def test_readiness_when_no_key_signs_then_both_halves_are_unready_and_say_why(stage: Stage) -> None:
    service = await stage.launch("registration", worker=False, receipt_keys_file=None)
    answer = await stage.client(service, role=None).get("/readyz")
    assert answer.status_code == 503
    assert "receipts cannot be signed" in answer.json()["checks"]["receipt_keys"]
    assert "receipts cannot be signed" in (await service.worker_health.report()).checks["receipt_keys"]
