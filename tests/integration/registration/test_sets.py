"""Registrations that come at once share a transaction: each is answered as it would be alone, and a set that fails loses nothing."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest

from services.registration.api.registering import Registering
from services.registration.domain.receipts.download import check_download
from services.registration.domain.values import Standing
from services.registration.use_cases import register_set as module
from services.registration.use_cases.register import Registration
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Apart
from shared.chassis.http import Asked
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import ACME, World

_SET = Registering.in_set


@pytest.fixture
async def world(stage: Stage, sets: list[int]) -> World:
    return await World.open(stage)


@pytest.fixture
def sets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many registrations each set that was worked on had, and how many of them it answered, one after the other."""
    seen: list[int] = []

    async def watched(self: Registering, uow: UnitOfWork, asked: Sequence[Asked[Registration]]) -> Any:
        answers = await _SET(self, uow, asked)
        seen.append(sum(answer is not None for answer in answers))
        return answers

    monkeypatch.setattr(Registering, "in_set", watched)
    return seen


async def post(client: httpx2.AsyncClient, key: str | None = None, **changed: Any) -> httpx2.Response:
    return await client.post("/v1/deals", json=ACME | changed, headers={"idempotency-key": key or uuid4().hex})


def company(number: int) -> dict[str, str]:
    """Companies that nobody takes for one another."""
    word = hashlib.blake2b(str(number).encode(), digest_size=12).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    return {"account_name": f"{word[:12].title()} {word[12:].title()}", "account_domain": f"{word}.com"}


async def burst(world: World, count: int, *, first: int = 0, **changed: Any) -> list[httpx2.Response]:
    clients = (world.partner, world.rival)
    return await asyncio.gather(*(post(clients[number % 2], **company(first + number), **changed) for number in range(count)))


async def chain_holds(world: World, count: int) -> None:
    page = (await world.staff.get("/v1/receipts/links", params={"from": 1})).json()
    assert len(page["links"]) == count
    assert check_download([page])[1] == []


async def test_burst_when_all_are_new_then_each_has_its_deal_its_slot_its_event_and_its_receipt(world: World, sets: list[int]) -> None:
    answers = await burst(world, 40)
    assert [answer.status_code for answer in answers] == [201] * 40
    assert sum(sets) > 20, "most were worked on in sets"
    ids = [answer.json()["id"] for answer in answers]
    assert len({*ids}) == 40
    events = [(topic, sequence, body["deal_id"], body["partner_id"]) for topic, sequence, body in await world.events()]
    owners = [str(world.partner_id), str(world.rival_id)]
    assert sorted(events) == sorted(("deal.registered", 1, deal_id, owners[place % 2]) for place, deal_id in enumerate(ids))
    stored = await world.rows("select d.id, d.partner_id, count(s) from deals d join protection_slots s on s.deal_id = d.id group by d.id")
    assert sorted((str(row[0]), str(row[1]), row[2]) for row in stored) == sorted((i, owners[n % 2], 1) for n, i in enumerate(ids))
    quotas = await world.rows("select open_deals from registration_quotas order by partner_id")
    assert [row[0] for row in quotas] == [20, 20]
    sequences = sorted(int(answer.headers["receipt-sequence"]) for answer in answers)
    assert sequences == list(range(1, 41))
    for answer in answers[:6]:
        own = (await world.staff.get(f"/v1/receipts/{answer.headers['receipt-sequence']}")).json()
        assert (own["hash"], own["content"]["subject_id"]) == (answer.headers["receipt-hash"], answer.json()["id"])
    await chain_holds(world, 40)


async def test_answer_when_in_a_set_then_shaped_as_alone(world: World, sets: list[int]) -> None:
    alone = await post(world.partner, **company(99))
    assert sets == []
    together = (await burst(world, 12))[6]
    assert sum(sets) >= 6
    assert [name for name, _ in together.headers.items()] == [name for name, _ in alone.headers.items()]
    assert list(together.json()) == list(alone.json())
    differing = {key for key, value in alone.json().items() if together.json()[key] != value}
    assert differing <= {"id", "partner_id", "account_id", "account_name"}


async def test_key_when_sent_again_then_the_set_is_answered_from_what_is_stored(world: World, sets: list[int]) -> None:
    keys = [uuid4().hex for _ in range(16)]
    first = await asyncio.gather(*(post(world.partner, key, **company(n)) for n, key in enumerate(keys)))
    again = await asyncio.gather(*(post(world.partner, key, **company(n)) for n, key in enumerate(keys)))
    assert [answer.status_code for answer in first + again] == [201] * 32
    assert [answer.content for answer in first] == [answer.content for answer in again]
    assert {answer.headers["idempotent-replayed"] for answer in again} == {"true"}
    assert (await world.rows("select count(*) from deals"))[0][0] == 16
    other = await asyncio.gather(*(post(world.partner, key, **company(n + 50)) for n, key in enumerate(keys)))
    assert {(answer.status_code, answer.json()["code"]) for answer in other} == {(422, "idempotency_key_reused")}


async def test_key_when_twice_in_one_burst_then_one_deal(world: World) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(
        *(post(world.partner, key, **company(1)) for _ in range(10)), *(post(world.partner, **company(n)) for n in range(2, 9))
    )
    assert {answer.status_code for answer in answers[:10]} <= {201, 409}
    assert {answer.json()["code"] for answer in answers[:10] if answer.status_code == 409} <= {"idempotency_in_flight"}
    assert len({answer.json()["id"] for answer in answers[:10] if answer.status_code == 201}) == 1
    assert (await world.rows("select count(*) from deals"))[0][0] == 8


async def test_rivals_when_in_one_burst_then_one_wins_each_account_and_came_first(world: World) -> None:
    wanted = [(client, number) for number in range(12) for client in (world.partner, world.rival, world.partner)]
    answers = await asyncio.gather(*(post(client, **company(number)) for client, number in wanted))
    for number in range(12):
        of_account = [answer for (_, n), answer in zip(wanted, answers, strict=True) if n == number]
        assert sorted(answer.status_code for answer in of_account) == [201, 409, 409]
        assert {answer.json()["code"] for answer in of_account if answer.status_code == 409} == {"account_taken"}
        first = min(of_account, key=lambda answer: int(answer.headers["receipt-sequence"]))
        assert first.status_code == 201
    await chain_holds(world, 36)


async def test_set_when_it_fails_late_then_each_goes_alone(world: World, sets: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    record = module.record
    failed: list[int] = []

    async def failing(uow: UnitOfWork, claimed: Any, *, policy: Any) -> Any:
        entered = await record(uow, claimed, policy=policy)
        failed.append(len(entered))
        raise [RuntimeError("a bug"), Apart()][len(failed) % 2]

    monkeypatch.setattr(module, "record", failing)
    answers = await burst(world, 20)
    assert [answer.status_code for answer in answers] == [201] * 20
    assert failed, "sets were tried"
    assert sets == []
    assert (await world.rows("select count(*), (select count(*) from accounts), (select count(*) from outbox) from deals"))[0] == (
        20,
        20,
        20,
    )
    await chain_holds(world, 20)


async def test_set_when_its_commit_is_not_heard_of_then_what_it_did_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks after the commit: the requests go alone, and their keys tell that they were answered."""
    database = world.service.app.state.database()
    transaction = type(database).transaction
    broken: list[int] = []

    def breaking(self: Any, **options: Any) -> Any:
        return _Unheard(transaction(self, **options), broken)

    monkeypatch.setattr(type(database), "transaction", breaking)
    answers = await burst(world, 20)
    monkeypatch.undo()
    assert broken, "sets were committed, and not heard of"
    assert [answer.status_code for answer in answers] == [201] * 20
    assert (await world.rows("select count(*), (select count(*) from outbox) from deals"))[0] == (20, 20)
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == sum(broken)
    await chain_holds(world, 20)


class _Unheard:
    """A transaction of which, if it is a set's, nobody hears that it was committed."""

    def __init__(self, within: Any, broken: list[int]) -> None:
        self._within, self._broken = within, broken

    async def __aenter__(self) -> UnitOfWork:
        self._uow: UnitOfWork = await self._within.__aenter__()
        return self._uow

    async def __aexit__(self, *error: object) -> Any:
        rows = await self._uow.fetch("select count(*) from deals where xmin = pg_current_xact_id()::xid") if error[0] is None else [(0,)]
        result = await self._within.__aexit__(*error)
        if rows[0][0] > 1:
            self._broken.append(rows[0][0])
            raise ConnectionError("lost")
        return result


async def test_partner_when_not_active_then_only_its_own_are_refused(world: World) -> None:
    ended = uuid4()
    await world.heard(ended, Standing.SUSPENDED)
    clients = [world.stage.client(world.service, role="partner", partner_id=who) for who in (ended, uuid4())]
    answers = await asyncio.gather(*(post((world.partner, *clients)[number % 3], **company(number)) for number in range(18)))
    told = [answer.json().get("code", answer.status_code) for answer in answers]
    assert told == [201, "partner_inactive", "partner_unknown"] * 6


async def test_quota_when_a_burst_goes_past_it_then_it_holds(world: World) -> None:
    await world.policy(open_registrations_limit=7)
    answers = await burst(world, 40)
    assert sorted(answer.status_code for answer in answers) == [201] * 14 + [409] * 26
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"quota_reached"}
    assert [row[0] for row in await world.rows("select open_deals from registration_quotas")] == [7, 7]
    assert (await world.rows("select count(*) from accounts"))[0][0] == 14, "what was refused leaves nothing behind"


async def test_territory_when_a_partner_may_not_have_it_then_only_its_own_are_refused(world: World, sets: list[int]) -> None:
    await world.policy(partner_territories={"kinds": {"channel": ["FR"]}, "on_breach": "refuse"})
    countries = ["FR", "DE"] * 8
    answers = await asyncio.gather(*(post(world.partner, **company(n), country=country) for n, country in enumerate(countries)))
    assert [answer.json().get("code", answer.status_code) for answer in answers] == [201, "territory_not_allowed"] * 8
    assert sum(sets) >= 4


async def test_likeness_when_two_of_a_burst_are_alike_then_the_later_one_is_looked_at(world: World, sets: list[int]) -> None:
    """Alone the second would find the first."""
    names = ["Nordlicht Optik GmbH", "Nordlciht Optik", *(company(number)["account_name"] for number in range(12))]
    answers = await asyncio.gather(*(post(world.partner, account_name=name, account_domain=None) for name in names))
    assert [answer.status_code for answer in answers] == [201] * 14
    assert sum(sets) >= 8
    pending = [answer.json()["account_name"] for answer in answers if answer.json()["state"] == "in_review"]
    assert len(pending) == 1
    assert pending[0] in names[:2]
    [review] = (await world.staff.get("/v1/reviews?state=open")).json()["items"]
    [like] = review["likenesses"]
    assert {review["account_name"], like["name"]} == {*names[:2]}


async def test_review_when_the_programme_asks_for_it_then_each_of_a_set_is_queued_for_its_own_reason(world: World, sets: list[int]) -> None:
    await world.policy(approval={"mode": "manual"})
    answers = await burst(world, 16)
    assert {answer.json()["state"] for answer in answers} == {"in_review"}
    assert sum(sets) >= 8
    queued = await world.rows("select deal_id, partner_id from deal_reviews")
    assert {str(row[0]) for row in queued} == {answer.json()["id"] for answer in answers}


async def test_partner_when_it_reads_after_a_burst_then_it_sees_its_own_alone(world: World) -> None:
    """The set reached every partner's rows; its rows are each partner's own."""
    await burst(world, 20)
    for client, partner_id in ((world.partner, world.partner_id), (world.rival, world.rival_id)):
        page = (await client.get("/v1/deals?limit=100")).json()["items"]
        assert {UUID(deal["partner_id"]) for deal in page} == {partner_id}
        assert len(page) == 10


async def test_trace_when_in_a_set_then_each_event_goes_on_with_its_own_request(world: World, sets: list[int]) -> None:
    parents = [f"00-{number + 1:032x}-{number + 1:016x}-01" for number in range(16)]
    headers = [{"idempotency-key": uuid4().hex, "traceparent": parent} for parent in parents]
    answers = await asyncio.gather(*(world.partner.post("/v1/deals", json=ACME | company(n), headers=headers[n]) for n in range(16)))
    assert sum(sets) >= 8
    traces = {
        orjson.loads(body)["deal_id"]: orjson.loads(told).get("traceparent", "").split("-")[1:2]
        for told, body in await world.rows("select headers, payload from outbox")
    }
    assert [traces[answer.json()["id"]] for answer in answers] == [[f"{number + 1:032x}"] for number in range(16)]
