"""A store that is taken back to an earlier release and forward again: what that release knows is there, as it was."""

from typing import Any

import pytest

from services.registration.domain.values import Standing
from shared.chassis.testing.stage import Stage
from tests.integration.registration.test_leads import LEAD
from tests.integration.registration.world import World
from tests.support.migrations import downgrade

TABLES = """
select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = 'public' and relname <> 'alembic_version' order by 1"""


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def held(world: World) -> dict[str, list[str]]:
    """Every row of every table, as JSON."""
    names = [row[0] for row in await world.rows(TABLES)]
    return {name: [row[0] for row in await world.rows(f"select to_jsonb(t)::text from {name} t order by 1")] for name in names}


async def _lived(world: World) -> None:
    """A deal in review and an open one, a place in line, a draft, and leads of each kind, of which two were given back."""
    await world.policy(waiting_list={"open": True})
    await world.registered()
    await world.register(world.rival, wait=True)
    await world.rival.post("/v1/drafts", json={"account_name": "Acme"})
    leads = [(await world.staff.post("/v1/leads", json=LEAD | {"partner_id": str(world.partner_id)})).json() for _ in range(2)]
    await world.partner.post(f"/v1/leads/{leads[0]['id']}/accept")
    await world.partner.post("/v1/leads", json=LEAD)
    await world.heard(world.partner_id, Standing.SUSPENDED, sequence=2)


@pytest.mark.parametrize("revision", ["0014", "0012", "0010", "0009", "0008"])
async def test_store_when_taken_back_and_forward_then_every_row_is_as_it_was(world: World, revision: str) -> None:
    await _lived(world)
    before = await held(world)
    await downgrade(world.service, revision)
    assert (await _leads(world)).keys() <= ({"given_back", "shared"} if revision != "0008" else {"withdrawn", "shared"})
    await world.service.migrate()
    after = await held(world)
    assert (len(before["leads"]), before.keys()) == (len(after["leads"]), after.keys())
    if revision != "0008":  # which does not know what is given back
        assert after == before
    assert {name: rows for name, rows in after.items() if name != "leads"} == {n: rows for n, rows in before.items() if n != "leads"}


async def _leads(world: World) -> dict[str, Any]:
    return dict(await world.rows("select state, count(*) from leads group by 1"))


async def test_account_when_an_earlier_release_named_it_with_signs_that_nobody_sees_then_found_without_them(world: World) -> None:
    deal = await world.registered(account_name="Ac\u200bme Holding", account_domain=None)
    await world.due()
    await world.rows("delete from account_identifiers where value <> 'ac me holding|DE' returning 1")  # all that it knew
    await downgrade(world.service, "0012")
    assert await world.rows("select swept from accounts") == [(True,)]
    await world.service.migrate()
    await world.due()
    assert (await world.register(world.rival, account_name="Acme Holding", account_domain=None)).json()["code"] == "account_taken"
    again = await world.registered(account_name="Ac\u200bme Holding", account_domain=None, families=["MG"])
    assert again["account_id"] == deal["account_id"]
