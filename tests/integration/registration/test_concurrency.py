"""Many at once: one winner, one last place, one account."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.store import accounts
from services.registration.suffixes import registrable_domain
from services.registration.use_cases.hear_of_partner import hear_of_partner
from services.registration.use_cases.register import Registration, register
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from tests.integration.registration.world import World


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


@pytest.mark.parametrize("known", [False, True], ids=["new account", "known account"])
async def test_register_when_sixty_four_come_at_once_then_exactly_one_wins(world: World, known: bool) -> None:
    if known:
        await world.registered(families=["other"])
    rivals = [uuid4() for _ in range(64)]
    for rival in rivals:
        await world.heard(rival)
    clients = [world.stage.client(world.service, role="partner", partner_id=rival) for rival in rivals]
    answers = await asyncio.gather(*(world.register(client, territory="EMEA" if n % 2 else "DE") for n, client in enumerate(clients)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 63
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"account_taken"}
    assert await world.rows("select count(*) from accounts") == [(1,)]
    assert await world.rows("select count(*) from outbox where type like '%duplicate_refused%'") == [(63,)]


async def test_quota_when_many_come_at_once_then_never_exceeded(world: World) -> None:
    await world.rows("update policies set body = body || '{\"open_registrations_limit\": 5}' returning 1")
    answers = await asyncio.gather(*(world.register(account_name=f"A{n}", account_domain=None) for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 15
    assert await world.rows("select count(*) from deals") == [(5,)]


async def test_quota_when_an_import_comes_at_the_same_time_then_each_counts_and_what_is_limited_stays_below(world: World) -> None:
    """What a sales system has open is taken in whatever the limit is, and takes places all the same."""
    await world.rows("update policies set body = body || '{\"open_registrations_limit\": 5}' returning 1")
    told = {"source": "crm", "partner_id": str(world.partner_id), "families": ["GTX"], "stage": "open"}
    told |= {"engaged_at": (world.stage.clock.now() - timedelta(days=3)).isoformat()}
    live = [world.register(account_name=f"A{n}", account_domain=None) for n in range(10)]
    rows = [told | {"external_id": str(n), "account_name": f"B{n}"} for n in range(3)]
    answers = await asyncio.gather(*live[:5], world.imported(*rows), *live[5:])
    registered = sum(answer.status_code == 201 for answer in [*answers[:5], *answers[6:]])
    assert 2 <= registered <= 5
    assert await world.rows("select open_deals from registration_quotas where partner_id = $1", world.partner_id) == [(registered + 3,)]
    assert (await world.register(account_name="A99", account_domain=None)).json()["code"] == "quota_reached"


async def test_import_when_it_knows_some_accounts_by_deals_and_some_by_name_then_they_are_locked_in_one_order(world: World) -> None:
    """Else it could wait for one with another in its hands, for which somebody waits who holds the first."""
    told = {"source": "crm", "partner_id": str(world.partner_id), "country": "DE", "families": ["GTX"], "stage": "open"}
    told |= {"engaged_at": (world.stage.clock.now() - timedelta(days=3)).isoformat()}
    rows = [told | {"external_id": str(n), "account_name": f"Company {n}"} for n in range(2)]
    await world.imported(*rows)
    deals = await world.rows("select external_id, account_id, account_name from deals order by account_id")
    (known, low, _), (_, high, name) = deals
    again = {"external_id": "9", "account_name": name, "families": ["MG"]}
    lost = {"external_id": known, "stage": "lost", "closed_at": world.stage.clock.now().isoformat()}
    async with world.service.platform.worker_database.transaction() as uow:
        await accounts.lock(uow, [low])
        importing = asyncio.create_task(world.imported(next(row for row in rows if row["external_id"] == known) | lost, told | again))
        await eventually(lambda: world.rows("select 1 from pg_locks where not granted"), what="the import waits for the account")
        assert await world.rows("select 1 from accounts where id = $1 for no key update nowait", high)
    assert [result["result"] for result in await importing] == ["lost", "registered"]


async def test_close_when_eight_come_at_once_then_one_closes(world: World) -> None:
    deal = await world.registered()
    answers = await asyncio.gather(*(world.step(deal, "close", outcome="won", amount="1.00") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_closed"}


async def test_refund_when_eight_come_at_once_then_never_more_than_was_sold(world: World) -> None:
    deal = await world.registered()
    await world.done(deal, "close", outcome="won", amount="10.00")
    answers = await asyncio.gather(*(world.step(deal, "refund", amount="3.00") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 5


async def test_slots_when_the_rule_is_bypassed_then_the_store_refuses(world: World) -> None:
    await world.registered()
    again = """
        insert into protection_slots (deal_id, account_id, family, path, during)
        select gen_random_uuid(), account_id, family, $1, during from protection_slots returning 1"""
    for path in ("", "/EMEA", "/EMEA/DACH/DE", "/EMEA/DACH/DE/BY"):
        with pytest.raises(Exception, match="ex_protection_slots_one_holder"):
            await world.rows(again, path)
    assert await world.rows(again, "/EMEA/DACH/AT") == [(1,)]


async def test_imports_and_registrations_when_they_touch_the_same_accounts_then_each_is_answered(world: World) -> None:
    now = world.stage.clock.now()
    started = (now - timedelta(days=3)).isoformat()

    def rows(source: str, partner: UUID) -> list[dict[str, Any]]:
        told = {"source": source, "partner_id": str(partner), "families": ["GTX"], "engaged_at": started, "stage": "open"}
        order = range(60) if source < "c" else range(59, -1, -1)
        return [told | {"external_id": str(n), "account_name": f"A{n}", "account_domain": f"a{n % 30}-{n}.com"} for n in order]

    imports = [world.imported(*rows(source, who)) for source, who in zip("abcd", [world.partner_id, world.rival_id] * 2, strict=True)]
    live = [
        world.register(client, account_name=f"A{n}", account_domain=None, country=None, crm_ids=[f"x:{n}"])
        for n in range(0, 60, 3)
        for client in (world.partner, world.rival)
    ]
    answers = await asyncio.gather(*imports, *live)
    for results in answers[:4]:
        assert {result["result"] for result in results} <= {"registered", "conflict"}
    assert {answer.status_code for answer in answers[4:]} <= {201, 409}
    assert await world.rows("select count(*) from accounts") == [(60,)]
    [(protected, slots)] = await world.rows("select (select count(*) from deals where granted), (select count(*) from protection_slots)")
    assert protected == slots == 60
    open_deals = "select (select count(*) from deals where state = 'open') = (select sum(open_deals) from registration_quotas)"
    assert await world.rows(open_deals) == [(True,)]


_WAITS = "select 1 from pg_locks where not granted"


async def _somebody_waits(world: World) -> bool:
    return bool(await world.rows(_WAITS))


async def _ended_or_waits(world: World, ending: "asyncio.Task[None]") -> bool:
    return ending.done() or await _somebody_waits(world)


async def test_partner_when_it_ends_while_it_registers_then_nothing_of_it_stays_protected(world: World) -> None:
    async with world.service.platform.worker_database.transaction() as uow:
        await uow.fetch("update registration_quotas set open_deals = open_deals where partner_id = $1", world.partner_id)
        registering = asyncio.create_task(world.register())  # past the check of its standing, it waits for its place
        await eventually(lambda: _somebody_waits(world), what="the registration")
        told = {"standing": Standing.TERMINATED, "kind": None, "sequence": 2, "policy": Policy()}
        await hear_of_partner(uow, PartnerId(world.partner_id), **told)
    assert (await registering).json()["code"] == "partner_inactive"
    assert await world.rows("select 1 from deals where state = 'open'") == []


async def test_partner_when_it_registered_a_moment_before_its_end_is_heard_of_then_withdrawn_too(world: World) -> None:
    async with world.service.platform.worker_database.transaction() as uow:
        wanted = Registration(partner_id=PartnerId(world.partner_id), customer=Customer(name="Acme"), families=("GTX",))
        await register(uow, wanted, policy=Policy(), registrable=registrable_domain)
        ending = asyncio.create_task(world.heard(world.partner_id, Standing.TERMINATED, sequence=2))
        await eventually(lambda: _ended_or_waits(world, ending), what="the end")
    await ending
    assert await world.rows("select state from deals where partner_id = $1", world.partner_id) == [("withdrawn",)]
