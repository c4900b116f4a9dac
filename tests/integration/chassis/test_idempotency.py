"""The same key and request again does nothing twice and gets the stored answer, byte for byte."""

import asyncio

from shared.chassis.database import Database
from tests.integration.chassis import notes
from tests.support.asgi import Client

KEY = {"idempotency-key": "k-1"}


async def _count(client: Client) -> int:
    return len((await client.get("/v1/notes")).json["items"])


async def test_post_when_repeated_then_same_bytes_and_one_row(partner: Client) -> None:
    first = await partner.post("/v1/notes", json={"text": "once"}, headers=KEY)
    second = await partner.post("/v1/notes", json={"text": "once"}, headers=KEY)

    assert (second.status, second.body) == (first.status, first.body)
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")
    assert second.headers["content-type"] == first.headers["content-type"]
    assert await _count(partner) == 1


async def test_post_when_the_key_comes_with_another_body_then_refused(partner: Client) -> None:
    await partner.post("/v1/notes", json={"text": "once"}, headers=KEY)
    other = await partner.post("/v1/notes", json={"text": "other"}, headers=KEY)

    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert await _count(partner) == 1


async def test_post_when_two_callers_use_one_key_then_they_do_not_meet(partner: Client, rival: Client) -> None:
    mine = await partner.post("/v1/notes", json={"text": "once"}, headers=KEY)
    theirs = await rival.post("/v1/notes", json={"text": "once"}, headers=KEY)

    assert mine.json["id"] != theirs.json["id"]


def _is_waiting() -> bool:
    return bool(notes.gates["slow"]._waiters)


async def test_post_when_the_first_is_in_flight_then_409_at_once(partner: Client) -> None:
    notes.gates["slow"] = asyncio.Event()
    first = asyncio.create_task(partner.post("/v1/notes", json={"text": "slow"}, headers=KEY))
    answer = None
    while answer is None or answer.status != 409:  # until the first one holds the key
        answer = await asyncio.wait_for(partner.post("/v1/notes", json={"text": "slow"}, headers=KEY), 5) if _is_waiting() else None
        await asyncio.sleep(0.01)
    notes.gates["slow"].set()

    assert (answer.code, answer.headers["retry-after"]) == ("idempotency_in_flight", "1")
    assert (await first).status == 201
    assert await _count(partner) == 1


async def test_post_when_many_race_on_one_key_then_one_row(partner: Client) -> None:
    answers = await asyncio.gather(*(partner.post("/v1/notes", json={"text": "race"}, headers=KEY) for _ in range(12)))

    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    assert await _count(partner) == 1


async def test_post_when_rolled_back_then_nothing_is_stored_and_it_may_be_tried_again(partner: Client) -> None:
    refused = await partner.post("/v1/notes", json={"text": "raise"}, headers=KEY)
    again = await partner.post("/v1/notes", json={"text": "raise"}, headers=KEY)
    fresh = await partner.post("/v1/notes", json={"text": "fine now"}, headers=KEY)

    assert (refused.status, again.headers.get("idempotent-replayed"), fresh.status) == (409, None, 201)


async def test_post_when_a_returned_problem_was_committed_then_it_is_replayed(partner: Client) -> None:
    first = await partner.post("/v1/notes", json={"text": "return"}, headers=KEY)
    second = await partner.post("/v1/notes", json={"text": "return"}, headers=KEY)

    assert (second.body, second.headers["idempotent-replayed"], second.headers["content-type"]) == (
        first.body,
        "true",
        "application/problem+json",
    )
    assert await _count(partner) == 1


async def test_post_when_the_answer_shows_a_secret_then_the_repeat_does_not(partner: Client) -> None:
    first = await partner.post("/v1/notes", json={"text": "secret"}, headers=KEY)
    second = await partner.post("/v1/notes", json={"text": "secret"}, headers=KEY)

    assert (first.body, second.body) == (b"s3cret", b"hidden")


async def test_post_when_the_key_is_no_key_then_refused(partner: Client) -> None:
    for key in ("", "x" * 256, "é"):
        assert (await partner.post("/v1/notes", json={"text": "x"}, headers={"idempotency-key": key})).code == "idempotency_key_invalid"


async def test_prune_when_answers_are_old_then_forgotten(partner: Client, database: Database) -> None:
    from datetime import timedelta

    from shared.chassis.http import idempotency

    await partner.post("/v1/notes", json={"text": "once"}, headers=KEY)
    worker = Database(database.url.replace("_api:", "_worker:"), clock=database._clock, service="notes")
    async with worker.transaction() as uow:
        kept = await idempotency.prune(uow)
        gone = await idempotency.prune(uow, keep=timedelta(0))
    await worker.close()

    assert (kept, gone) == (0, 1)
