"""What a refused rival could tell from the work that its request made: nothing of who holds the account, or how."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from benchmarks.recorded_sql import first_transaction
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.statements import heard
from tests.integration.registration.test_claims import CLAIM, claimed
from tests.integration.registration.test_reviews import MANUAL
from tests.integration.registration.world import World

DAY = timedelta(days=1)
PLAIN, OTHER = "Ocean Tools", "Zebra Works"  # of one length, as what is answered about them should be
SAID: dict[str, Any] = {"account_domain": None, "country": "DE", "families": ["GTX"]}


@dataclass(frozen=True, slots=True)
class View:
    """All of a request's work and of its answer that could differ: statements, status, headers, body, events."""

    statements: tuple[str, ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: dict[str, Any]
    events: tuple[tuple[str, int], ...]


async def hold(world: World, **changed: Any) -> dict[str, Any]:
    return await world.registered(**SAID | {"account_name": OTHER} | changed)


async def _by_a_partner(world: World) -> None:
    await hold(world)


async def _for_more_products(world: World) -> None:
    await hold(world, families=["GTK", "GTX", "MG", "RTX"])


async def _everywhere(world: World) -> None:
    await hold(world, territory="EMEA")


async def _by_the_vendor_for_a_partner(world: World) -> None:
    await world.registered(world.staff, **SAID | {"account_name": OTHER, "partner_id": str(world.partner_id)})


async def _in_review(world: World) -> None:
    await world.policy(**MANUAL)
    assert (await hold(world))["state"] == "in_review"
    await world.policy(approval={"mode": "automatic"})


async def _returned(world: World) -> None:
    await world.policy(**MANUAL)
    deal = await hold(world)
    answer = await world.staff.post(f"/v1/approvals/{deal['id']}/return", json={"asked": "Who is the buyer?"})
    assert answer.status_code == 200, answer.text
    await world.policy(approval={"mode": "automatic"})


async def _with_others_in_line(world: World) -> None:
    await world.policy(waiting_list={"open": True})
    await hold(world)
    for _ in range(3):
        await _waits(world)


async def _waits(world: World) -> None:
    who = uuid4()
    await world.heard(who)
    await world.register(world.stage.client(world.service, role="partner", partner_id=who), **SAID | {"account_name": OTHER, "wait": True})


async def _kept_for_the_next_in_line(world: World) -> None:
    await world.policy(waiting_list={"open": True})
    deal = await hold(world)
    await _waits(world)
    await world.done(deal, "withdraw", by=world.partner, reason="x")
    await world.due()
    assert await world.told("account.offered")


async def _with_an_extension_asked_for(world: World) -> None:
    deal = await hold(world)
    await world.done(deal, "request-extension", by=world.partner, evidence="we met")


async def _by_a_sales_system(world: World) -> None:
    assert (await world.imported(_opportunity(world, 1)))[0]["result"] == "registered"


async def _in_conflict(world: World) -> None:
    who = uuid4()
    await world.heard(who)
    results = await world.imported(_opportunity(world, 1), _opportunity(world, 2) | {"partner_id": str(who)})
    assert [result["conflict"] for result in results] == [False, True]


def _opportunity(world: World, number: int) -> dict[str, Any]:
    told = {"source": "crm", "external_id": f"O{number}", "partner_id": str(world.partner_id), "stage": "open", "families": ["GTX"]}
    engaged = world.stage.clock.now() - timedelta(minutes=30 - number)
    return told | {"account_name": OTHER, "country": "DE", "engaged_at": engaged.isoformat()}


async def _after_many_others(world: World) -> None:
    for _ in range(5):
        await world.done(await hold(world), "withdraw", by=world.partner, reason="x")
    await hold(world)


async def _while_the_vendor_works_on_it(world: World) -> None:
    await hold(world)
    await claimed(world, CLAIM | {"account_name": OTHER, "kind": "opportunity", "families": ["GTX"]})


async def _in_co_selling(world: World) -> None:
    deal = await hold(world)
    parties = [{"partner_id": str(world.partner_id), "role": "r", "share": "1"}]
    answer = await world.partner.post("/v1/coselling", json={"deal_id": deal["id"], "parties": parties, "message": "us"})
    assert answer.status_code == 201, answer.text


async def _under_another_name_too(world: World) -> None:
    deal = await hold(world)
    why = {"reason": "renamed", "account_name": "Zebra Unlimited"}
    answer = await world.staff.post(f"/v1/accounts/{deal['account_id']}/alias", json=why)
    assert answer.status_code < 300, answer.text


HELD: dict[str, Callable[[World], Awaitable[None]]] = {
    held.__name__.strip("_"): held
    for held in (
        _by_a_partner,
        _for_more_products,
        _everywhere,
        _by_the_vendor_for_a_partner,
        _in_review,
        _returned,
        _with_others_in_line,
        _kept_for_the_next_in_line,
        _with_an_extension_asked_for,
        _by_a_sales_system,
        _in_conflict,
        _after_many_others,
        _while_the_vendor_works_on_it,
        _in_co_selling,
        _under_another_name_too,
    )
}


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.registered(**SAID | {"account_name": PLAIN})
    return world


async def _view(world: World, name: str, **said: Any) -> View:
    before = len(await world.events())
    with heard(world.service.platform.api_database) as statements:
        answer = await world.rival.post("/v1/deals", json=SAID | {"account_name": name} | said, headers={"idempotency-key": uuid4().hex})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken"), answer.text
    events = [(topic, len(orjson.dumps(body))) for topic, _, body in (await world.events())[before:]]
    return View(
        statements=tuple(" ".join(statement.split()) for statement, _ in first_transaction(statements)),
        status=answer.status_code,
        headers=tuple((key, "" if key.startswith("receipt-") else value) for key, value in answer.headers.items()),
        body={key: len(str(value)) if key == "refusal_id" else value for key, value in answer.json().items()},
        events=tuple(events),
    )


@pytest.mark.parametrize("wait", [False, True], ids=["", "waiting"])
@pytest.mark.parametrize("held", HELD)
async def test_refusal_when_the_account_is_held_in_any_way_then_the_same_work_and_the_same_answer(
    world: World, held: str, wait: bool
) -> None:
    await HELD[held](world)
    said = {"wait": wait}
    await _view(world, PLAIN, **said)  # the first request of a connection does more
    seen = [await _view(world, name, **said) for name in (PLAIN, OTHER, OTHER, PLAIN, OTHER)]
    assert len(seen[0].statements) > 3
    assert [view for view in seen if view != seen[0]] == []
