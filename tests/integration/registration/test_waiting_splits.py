"""An account is split: who waits in its line goes with the customer that it named, with all that is kept for it, also at that moment."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.values import AccountId
from services.registration.policy import Policy
from services.registration.store import accounts
from services.registration.use_cases.accounts.change import Author
from services.registration.use_cases.accounts.split import Split, split
from services.registration.use_cases.waiting.offer import offer_free
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.world import World

DAY = timedelta(days=1)
TOOLS = {"account_name": "Acme Tools", "account_domain": "acme.co.uk"}  # by its domain the same account as Acme Holding
TOOLS_NAME = Identifier(IdentifierKind.NAME, "acme tools|DE")
_STRAY = """
select s.deal_id from protection_slots s join deals d on d.id = s.deal_id where d.account_id <> s.account_id
union all select w.id from waiting_list w join protection_slots s on s.deal_id = w.id where w.account_id <> s.account_id"""


@pytest.fixture
async def world(stage: Stage) -> World:
    world = await World.open(stage)
    await world.policy(waiting_list={"open": True, "offer_hours": 48})
    return world


async def waits(world: World, **named: Any) -> str:
    """The id of the rival's place in the line of a customer that it calls so."""
    before = {place["id"] for place in await places(world)}
    answer = await world.register(world.rival, wait=True, **named)
    assert answer.json()["code"] == "account_taken", answer.text
    [place] = {place["id"] for place in await places(world)} - before
    return str(place)


async def places(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.rival.get("/v1/waiting")).json()["items"]
    return found


async def where(world: World, place: str) -> tuple[str, str]:
    """On which account the place is, and how it stands."""
    [(account, state)] = await world.rows("select account_id, state from waiting_list where id = $1", place)
    return str(account), state


async def two_customers(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """The partner's deals with two companies that are on record as one account: Acme Holding, and Acme Tools in another family."""
    holding = await world.registered()
    tools = await world.registered(**TOOLS, families=["MG"])
    assert holding["account_id"] == tools["account_id"]
    return holding, tools


async def parted(world: World, deal: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The account of Acme Tools with its deal, split from the other."""
    body = {"identifiers": [{"kind": "name", "value": TOOLS_NAME.value}], "deal_ids": [deal["id"]], "reason": "two companies"} | more
    answer = await world.staff.post(f"/v1/accounts/{deal['account_id']}/split", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_place_when_its_customer_goes_to_a_new_account_then_it_goes_along_and_is_offered_what_it_waited_for(world: World) -> None:
    _, tools = await two_customers(world)
    place = await waits(world, **TOOLS, families=["MG"])
    made = await parted(world, tools)
    await world.due()
    assert await where(world, place) == (made["id"], "waiting"), "the deal that it waits behind is there too"
    await world.done(tools, "withdraw", by=world.partner, reason="over")
    await world.due()
    assert await where(world, place) == (made["id"], "offered")
    accepted = await world.rival.post(f"/v1/waiting/{place}/accept")
    assert (accepted.status_code, accepted.json()["account_id"]) == (201, made["id"])


async def test_place_when_its_customer_stays_while_the_deal_before_it_goes_then_it_is_offered_the_account(world: World) -> None:
    """What keeps it out was registered for the other company all along."""
    await world.registered(families=["OLD"])
    tools = await world.registered(**TOOLS)
    place = await waits(world)
    await parted(world, tools)
    await world.due()
    assert await where(world, place) == (tools["account_id"], "offered")


async def test_place_when_its_name_names_neither_then_it_goes_with_the_deal_that_it_waits_behind(world: World) -> None:
    holding, tools = await two_customers(world)
    behind_tools = await waits(world, account_name="The Acme People", families=["MG"])
    behind_both = await waits(world, account_name="The Acme People", families=["GTX", "MG"])
    behind_holding = await waits(world, account_name="The Acme People")
    made = await parted(world, tools)
    assert await where(world, behind_tools) == (made["id"], "waiting")
    assert [(await where(world, place))[0] for place in (behind_both, behind_holding)] == [holding["account_id"]] * 2


async def test_place_when_offered_and_its_customer_goes_then_what_is_kept_for_it_goes_along(world: World) -> None:
    _, tools = await two_customers(world)
    free = await world.registered(**TOOLS, families=["GTK"])
    place = await waits(world, **TOOLS, families=["GTK"])
    await world.done(free, "withdraw", by=world.partner, reason="over")
    await world.due()
    made = await parted(world, tools)
    assert await where(world, place) == (made["id"], "offered")
    assert await world.rows(_STRAY) == []
    assert (await world.register(**TOOLS | {"account_domain": None}, families=["GTK"])).json()["code"] == "account_taken"
    accepted = await world.rival.post(f"/v1/waiting/{place}/accept")
    assert (accepted.status_code, accepted.json()["account_id"]) == (201, made["id"])
    told = [(topic, sequence) for topic, sequence, _ in await world.events() if topic in {"account.offered", "account.waiting_ended"}]
    assert told == [("account.offered", 2), ("account.waiting_ended", 3)], "nothing is told of a move that changes nothing for its partner"


async def test_place_when_a_merged_account_stands_for_itself_again_then_each_is_where_it_was(world: World) -> None:
    zebra = {"account_name": "Zebra Works", "account_domain": "zebra.com", "families": ["MG"]}
    first, second = await world.registered(), await world.registered(**zebra)
    lines = [await waits(world), await waits(world, **zebra)]
    before = [await where(world, place) for place in lines]
    named = (await world.staff.get(f"/v1/accounts/{second['account_id']}")).json()["identifiers"]
    merged = {"into": first["account_id"], "reason": "one company"}
    assert (await world.staff.post(f"/v1/accounts/{second['account_id']}/merge", json=merged)).status_code == 200
    assert {(await where(world, place))[0] for place in lines} == {first["account_id"]}
    back = {"identifiers": named, "deal_ids": [second["id"]], "revive": second["account_id"], "reason": "two after all"}
    assert (await world.staff.post(f"/v1/accounts/{first['account_id']}/split", json=back)).status_code == 201
    assert [await where(world, place) for place in lines] == before


async def test_split_when_places_go_along_then_told_and_on_record_and_to_no_partner(world: World) -> None:
    _, tools = await two_customers(world)
    place = await waits(world, **TOOLS, families=["MG"])
    await waits(world)
    made = await parted(world, tools)
    [event] = await world.told("account.split")
    assert (event["deal_ids"], event["waiting_ids"]) == ([tools["id"]], [place])
    assert made["history"][0]["details"]["places"] == [place]
    assert str(world.partner_id) not in str(event)
    assert str(world.rival_id) not in str(event)


async def _beside_the_split(world: World, tools: dict[str, Any], meanwhile: Callable[[], Awaitable[Any]]) -> tuple[str, Any]:
    """The new account, and what came of something that began before the split was committed."""
    wanted = Split(account_id=UUID(tools["account_id"]), identifiers=[TOOLS_NAME], deal_ids=[UUID(tools["id"])])
    async with world.service.platform.worker_database.transaction() as uow:
        made = await split(uow, wanted, Author("ann", "two companies"))
        begun = asyncio.ensure_future(meanwhile())
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="it waits for the split")
    return str(made), await begun


class Holder:
    """Somebody who wants the lock of an account, and keeps it until told to let go."""

    def __init__(self, world: World, account_id: str) -> None:
        self.held = asyncio.Event()
        self._enough = asyncio.Event()
        self._task = asyncio.create_task(self._hold(world, AccountId(UUID(account_id))))

    async def _hold(self, world: World, account_id: AccountId) -> None:
        async with world.service.platform.worker_database.transaction() as uow:
            await accounts.lock(uow, [account_id])
            self.held.set()
            await self._enough.wait()

    async def let_go(self) -> None:
        self._enough.set()
        await self._task


async def _waiting(world: World, number: int) -> bool:
    return (await world.rows("select count(*) from pg_locks where not granted"))[0][0] >= number


async def _offered_beside_tools(world: World) -> tuple[dict[str, Any], str]:
    """Acme Tools' deal, and a place of the rival's that is offered the same company in another family."""
    _, tools = await two_customers(world)
    free = await world.registered(**TOOLS, families=["GTK"])
    place = await waits(world, **TOOLS, families=["GTK"])
    await world.done(free, "withdraw", by=world.partner, reason="over")
    await world.due()
    return tools, place


async def test_offer_when_accepted_while_the_account_is_split_then_the_deal_is_where_its_customer_went(world: World) -> None:
    tools, place = await _offered_beside_tools(world)
    made, answer = await _beside_the_split(world, tools, lambda: world.rival.post(f"/v1/waiting/{place}/accept"))
    assert (answer.status_code, answer.json()["account_id"]) == (201, made)
    assert await world.rows(_STRAY) == []


async def test_offer_when_accepted_while_the_account_is_split_then_decided_under_the_lock_of_the_one_it_went_to(world: World) -> None:
    zebra = {"account_name": "Zebra Works", "account_domain": "zebra.com"}
    first, second = await world.registered(families=["MG"]), await world.registered(**zebra)
    place = await waits(world, **zebra)
    await world.done(second, "withdraw", by=world.partner, reason="over")
    await world.due()
    merged = {"into": first["account_id"], "reason": "one company"}
    assert (await world.staff.post(f"/v1/accounts/{second['account_id']}/merge", json=merged)).status_code == 200
    named, back = [Identifier(IdentifierKind.NAME, "zebra works|DE")], UUID(second["account_id"])
    async with world.service.platform.worker_database.transaction() as uow:
        await split(uow, Split(account_id=UUID(first["account_id"]), identifiers=named, revive=back), Author("ann", "two after all"))
        others = [Holder(world, first["account_id"]), Holder(world, second["account_id"])]
        await eventually(lambda: _waiting(world, 2), what="others wait for both accounts")
        accepting = asyncio.create_task(world.rival.post(f"/v1/waiting/{place}/accept"))
        await eventually(lambda: _waiting(world, 3), what="the partner waits for the account that is split")
    for one in others:
        await asyncio.wait_for(one.held.wait(), 10)
    await others[0].let_go()
    await eventually(lambda: _waiting(world, 1), what="the partner waits for the other account")
    await others[1].let_go()
    answer = await accepting
    assert (answer.status_code, answer.json()["account_id"]) == (201, second["account_id"])
    assert await world.rows(_STRAY) == []


async def test_place_when_given_up_while_the_account_is_split_then_what_was_kept_for_it_is_free(world: World) -> None:
    tools, place = await _offered_beside_tools(world)
    made, answer = await _beside_the_split(world, tools, lambda: world.rival.post(f"/v1/waiting/{place}/leave"))
    assert answer.status_code == 200, answer.text
    assert await where(world, place) == (made, "left")
    assert (await world.register(**TOOLS | {"account_domain": None}, families=["GTK"])).status_code == 201


async def test_offer_when_made_while_the_account_is_split_then_to_those_who_still_stand_in_its_line(world: World) -> None:
    _, tools = await two_customers(world)
    free = await world.registered(**TOOLS, families=["GTK"])
    place = await waits(world, **TOOLS, families=["GTK"])
    await world.done(free, "withdraw", by=world.partner, reason="over")

    async def offers() -> int:
        async with world.service.platform.worker_database.transaction() as uow:
            return await offer_free(uow, policy=Policy.model_validate({"waiting_list": {"open": True}}))

    made, _ = await _beside_the_split(world, tools, offers)
    assert await where(world, place) == (made, "waiting")
    await world.due()
    assert await where(world, place) == (made, "offered")
    assert await world.rows(_STRAY) == []


async def test_split_when_an_offer_is_being_made_then_it_takes_the_offer_along(world: World) -> None:
    _, tools = await two_customers(world)
    free = await world.registered(**TOOLS, families=["GTK"])
    place = await waits(world, **TOOLS, families=["GTK"])
    await world.done(free, "withdraw", by=world.partner, reason="over")
    async with world.service.platform.worker_database.transaction() as uow:
        assert await offer_free(uow, policy=Policy.model_validate({"waiting_list": {"open": True}})) == 1
        splitting = asyncio.create_task(parted(world, tools))
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="the split waits for the offer")
    made = await splitting
    assert await where(world, place) == (made["id"], "offered")
    assert await world.rows(_STRAY) == []
