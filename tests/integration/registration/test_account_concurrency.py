"""Merges beside registrations, imports and each other: every id leads on, nothing is lost, and one deal holds what two cannot."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.joining import Keep
from services.registration.use_cases.accounts.change import Author
from services.registration.use_cases.accounts.merge import Merge, merge
from services.registration.use_cases.accounts.split import Split, split
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.world import World

WHY = {"reason": "one company"}
ME = Author("ann", "one company")
_STRAY = """
select d.id from deals d join accounts a on a.id = d.account_id where a.merged_into is not null
union all select s.deal_id from protection_slots s join accounts a on a.id = s.account_id where a.merged_into is not null
union all select i.account_id from account_identifiers i join accounts a on a.id = i.account_id where a.merged_into is not null
union all select s.deal_id from protection_slots s join deals d on d.id = s.deal_id where d.account_id <> s.account_id"""


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def _waits(world: World) -> bool:
    return bool(await world.rows("select 1 from pg_locks where not granted"))


async def two(world: World) -> tuple[str, str]:
    one = await world.registered(account_name="Zebra Works", account_domain="zebra.com")
    other = await world.registered(account_name="Quagga Tools", account_domain="quagga.com", families=["MG"])
    return one["account_id"], other["account_id"]


async def test_register_when_it_waits_for_a_merge_then_it_is_on_the_account_that_stays(world: World) -> None:
    gone, into = await two(world)
    async with world.service.platform.worker_database.transaction() as uow:
        await merge(uow, Merge(account_id=UUID(gone), into=UUID(into)), ME)
        waiting = asyncio.create_task(world.register(account_name="Zebra Works", account_domain=None, families=["GTK"]))
        await eventually(lambda: _waits(world), what="the registration")
    answer = await waiting
    assert (answer.status_code, answer.json()["account_id"]) == (201, into)
    assert await world.rows(_STRAY) == []


async def test_import_when_it_waits_for_a_merge_then_its_deals_are_on_the_account_that_stays(world: World) -> None:
    gone, into = await two(world)
    told = {"source": "crm", "partner_id": str(world.rival_id), "engaged_at": datetime(2025, 1, 1, tzinfo=UTC).isoformat(), "stage": "open"}
    first = told | {"external_id": "1", "account_name": "Zebra Works", "country": "DE", "families": ["OLD"]}
    await world.imported(first)
    news: list[dict[str, Any]] = [
        first | {"stage": "lost", "closed_at": datetime(2025, 2, 1, tzinfo=UTC).isoformat()},
        first | {"external_id": "2", "families": ["GTK"]},
        first | {"external_id": "3", "account_name": "New Company", "families": ["GTK"]},
    ]
    async with world.service.platform.worker_database.transaction() as uow:
        await merge(uow, Merge(account_id=UUID(gone), into=UUID(into)), ME)
        waiting = asyncio.create_task(world.imported(*news))
        await eventually(lambda: _waits(world), what="the import")
    assert [result["result"] for result in await waiting] == ["lost", "registered", "registered"]
    assert await world.rows("select count(*) from deals where account_id = $1", into) == [(4,)]
    assert await world.rows(_STRAY) == []


async def _tools(world: World) -> tuple[dict[str, Any], Split]:
    """Two companies on record as one account, and what parts them again: the second's name and deal leave."""
    await world.registered()
    tools = await world.registered(account_name="Acme Tools", families=["MG"])  # by its domain the same
    named = [Identifier(IdentifierKind.NAME, "acme tools|DE")]
    return tools, Split(account_id=UUID(tools["account_id"]), identifiers=named, deal_ids=[UUID(tools["id"])])


async def _beside(world: World, wanted: Split, meanwhile: Coroutine[Any, Any, Any]) -> tuple[str, Any]:
    """The new account, and what came of something that began before the split was committed."""
    async with world.service.platform.worker_database.transaction() as uow:
        made = await split(uow, wanted, ME)
        waiting = asyncio.create_task(meanwhile)
        await eventually(lambda: _waits(world), what="it waits for the split")
    return str(made), await waiting


async def test_register_when_it_waits_for_a_split_then_it_is_on_the_account_that_its_customer_went_to(world: World) -> None:
    _, wanted = await _tools(world)
    again = world.register(world.rival, account_name="Acme Tools", account_domain=None, families=["GTK"])
    made, answer = await _beside(world, wanted, again)
    assert (answer.status_code, answer.json()["account_id"]) == (201, made)
    assert await world.rows(_STRAY) == []


async def test_register_when_it_waits_for_a_split_and_the_customer_is_protected_then_refused_all_the_same(world: World) -> None:
    _, wanted = await _tools(world)
    rival = world.register(world.rival, account_name="Acme Tools", account_domain=None, families=["MG"])
    _, answer = await _beside(world, wanted, rival)
    assert (answer.status_code, answer.json()["code"]) == (409, "account_taken")


async def test_register_when_it_waits_for_a_split_that_parts_what_it_names_then_put_up_for_review(world: World) -> None:
    _, wanted = await _tools(world)
    both = world.register(world.rival, account_name="Acme Tools", families=["GTK"])
    _, answer = await _beside(world, wanted, both)
    assert (answer.status_code, answer.json()["code"]) == (409, "account_ambiguous")


async def test_import_when_it_waits_for_a_split_then_its_deal_is_on_the_account_that_its_customer_went_to(world: World) -> None:
    _, wanted = await _tools(world)
    told = {"source": "crm", "partner_id": str(world.rival_id), "engaged_at": datetime(2025, 1, 1, tzinfo=UTC).isoformat(), "stage": "open"}
    row = told | {"external_id": "1", "account_name": "Acme Tools", "country": "DE", "families": ["GTK"]}
    made, results = await _beside(world, wanted, world.imported(row))
    assert [result["result"] for result in results] == ["registered"]
    assert await world.rows("select account_id::text from deals where external_id = '1'") == [(made,)]
    assert await world.rows(_STRAY) == []


async def test_merge_when_a_registration_is_under_way_then_its_deal_moves_too(world: World) -> None:
    gone, into = await two(world)
    answers = await asyncio.gather(
        *(world.register(world.rival, account_name="Zebra Works", account_domain=None, families=[f"F{n}"]) for n in range(12)),
        world.staff.post(f"/v1/accounts/{gone}/merge", json=WHY | {"into": into}),
    )
    assert {answer.status_code for answer in answers[:-1]} == {201}
    assert answers[-1].status_code == 200
    assert await world.rows("select count(*) from deals where account_id = $1", into) == [(14,)]
    assert await world.rows(_STRAY) == []


async def test_merges_when_two_go_both_ways_at_once_then_one_wins_and_no_ring_is_left(world: World) -> None:
    one, other = await two(world)
    answers = await asyncio.gather(
        world.staff.post(f"/v1/accounts/{one}/merge", json=WHY | {"into": other}),
        world.staff.post(f"/v1/accounts/{other}/merge", json=WHY | {"into": one}),
    )
    assert min(answer.status_code for answer in answers) == 200
    assert {answer.json().get("code") for answer in answers if answer.status_code != 200} <= {"account_merged", "account_same"}
    assert await world.rows("select count(*) from accounts where merged_into is null") == [(1,)]
    assert await world.rows(_STRAY) == []


async def test_merge_when_a_deal_changes_meanwhile_then_both_happen(world: World) -> None:
    deal = await world.registered(account_name="Zebra Works", account_domain=None)
    into = await world.registered(world.rival, account_name="Quagga Tools", account_domain=None)
    async with world.service.platform.worker_database.transaction() as uow:
        await merge(uow, Merge(account_id=UUID(deal["account_id"]), into=UUID(into["account_id"]), keep=Keep()), ME)
        waiting = asyncio.create_task(world.step(deal, "extend"))
        await eventually(lambda: _waits(world), what="the extension")
    answer = await waiting
    assert (answer.status_code, answer.json()["account_id"], answer.json()["protected"]) == (200, into["account_id"], True)
    assert await world.rows(_STRAY) == []


async def _linked(world: World, child: str, parent: str) -> httpx2.Response:
    return await world.staff.post(f"/v1/accounts/{child}/links", json=WHY | {"parent_id": parent, "source": "register"})


async def test_merge_and_link_when_only_both_close_a_ring_then_the_later_one_is_refused(world: World) -> None:
    top, bottom = await two(world)
    upper, lower = [
        (await world.registered(account_name=f"{name} Works", account_domain=f"{name}.com"))["account_id"] for name in ("upper", "lower")
    ]
    assert [(await _linked(world, *pair)).status_code for pair in ((upper, top), (bottom, lower))] == [201, 201]
    async with world.service.platform.worker_database.transaction() as uow:
        await merge(uow, Merge(account_id=UUID(bottom), into=UUID(top)), ME)
        waiting = asyncio.create_task(_linked(world, lower, upper))  # none of the two accounts that the merge holds
        await eventually(lambda: _waits(world), what="the link")
    assert (await waiting).json()["code"] == "link_cycle"
