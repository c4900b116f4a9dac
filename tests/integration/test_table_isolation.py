"""Every table of every service: held by row-level security to its partner, or listed as shared and without a partner in it."""

import re
from uuid import UUID

import asyncpg
import pytest

from shared.chassis.database import SHARED_TABLES as CHASSIS_TABLES
from shared.chassis.testing.stage import Stage
from tests.support.services import SERVICES, shared_tables

# Shared tables that name partners, each with the reason why its rows tell a partner nothing about another.
NAMES_PARTNERS = {
    ("registration", "known_tiers"): "whom approval may trust; a tier is no secret to its partner, and no route shows another's",
    ("registration", "known_partners"): "who may work and be credited; a deal's splits name other partners, and no route shows it",
}
RULE = re.compile(
    r"\(\((\w+) = \(NULLIF\(current_setting\('hansa\.partner'::text, true\), ''::text\)\)::uuid\)"
    r" OR \(current_setting\('hansa\.operator'::text, true\) = 'on'::text\)\)"
)
STAFF_ALONE = "(current_setting('hansa.operator'::text, true) = 'on'::text)"
_TABLES = """
select c.relname, c.relrowsecurity and c.relforcerowsecurity as held,
       array(select attname::text from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f') and not c.relispartition order by 1"""
_ANSWERS = """
insert into idempotency_keys (subject, key, request_hash, status, headers, body)
select s, 'k', '', 200, '[]', '' from unnest($1::text[]) s"""
PARTNER = UUID(int=1)
_POLICIES = "select roles::text[], cmd, permissive, qual, with_check from pg_policies where schemaname = 'public' and tablename = $1"


async def _connect(stage: Stage, name: str, kind: str) -> "asyncpg.Connection[asyncpg.Record]":
    settings = await stage.settings_for(name, kafka=False)
    return await asyncpg.connect(getattr(settings, f"{kind}_url").replace("+asyncpg", ""))


@pytest.mark.parametrize("name", SERVICES)
async def test_table_when_not_shared_then_held_to_its_partner_for_every_command(stage: Stage, name: str) -> None:
    connection = await _connect(stage, name, "migrator")
    shared = shared_tables(name) | CHASSIS_TABLES | {"alembic_version"}
    tables = {row["relname"]: row for row in await connection.fetch(_TABLES)}
    for table in tables.keys() - shared:
        policies = {row["roles"][0].rsplit("_", 1)[1]: row for row in await connection.fetch(_POLICIES, table)}

        assert tables[table]["held"], f"{table} is neither held by row-level security nor listed as shared"
        assert policies.keys() == {"migrator", "worker", "api"}, table
        assert (policies["api"]["cmd"], policies["api"]["permissive"]) == ("ALL", "PERMISSIVE")
        held = policies["api"]["qual"]
        assert held == STAFF_ALONE or RULE.fullmatch(held), f"{table}: {held}"
        assert held == policies["api"]["with_check"], table
    await connection.close()

    assert shared_tables(name) <= tables.keys(), "a table is listed as shared and does not exist"


@pytest.mark.parametrize("name", SERVICES)
async def test_table_when_shared_then_it_knows_no_partner(stage: Stage, name: str) -> None:
    connection = await _connect(stage, name, "migrator")
    tables = {row["relname"]: row["columns"] for row in await connection.fetch(_TABLES)}
    await connection.close()
    for table in shared_tables(name):
        named = "partner" in table or any("partner" in column for column in tables[table])
        assert named == ((name, table) in NAMES_PARTNERS), f"{name}.{table}: {tables[table]}"


async def test_chassis_table_when_it_holds_others_events_or_answers_then_it_is_held_too(stage: Stage) -> None:
    connection = await _connect(stage, "partners", "migrator")
    held = {row["relname"] for row in await connection.fetch(_TABLES) if row["held"]} & CHASSIS_TABLES
    readable = await connection.fetch(
        "select table_name::text from information_schema.role_table_grants where grantee like '%\\_api' and privilege_type = 'SELECT'"
    )
    await connection.close()

    assert {row[0] for row in readable} & CHASSIS_TABLES == held | {"policies"}, "what the API reads is held, or says nothing of partners"


async def test_chassis_table_when_read_by_a_partner_then_neither_events_nor_others_answers(stage: Stage) -> None:
    owner, api = await _connect(stage, "partners", "migrator"), await _connect(stage, "partners", "api")
    await owner.execute(_ANSWERS, [f"{PARTNER}/me", f"{UUID(int=2)}/me", "staff/me"])
    await owner.execute("insert into refusals (event_id, type, subject, code, message) values ('e', 't', 's', 'c', 'm')")
    seen = {}
    for who, partner, operator in (("partner", str(PARTNER), "off"), ("nobody", "", "off"), ("operator", "", "on")):
        async with api.transaction():
            await api.execute("select set_config('hansa.partner', $1, true), set_config('hansa.operator', $2, true)", partner, operator)
            answers = [row[0] for row in await api.fetch("select subject from idempotency_keys order by 1")]
            seen[who] = (answers, await api.fetchval("select count(*) from refusals"))
    await owner.close()
    await api.close()

    assert seen["partner"] == ([f"{PARTNER}/me"], 0)
    assert seen["nobody"] == ([], 0)
    assert (len(seen["operator"][0]), seen["operator"][1]) == (3, 1)


@pytest.mark.parametrize("name", SERVICES)
async def test_api_role_when_looked_at_then_it_cannot_step_around_the_rules(stage: Stage, name: str) -> None:
    connection = await _connect(stage, name, "api")
    role = await connection.fetchrow(
        "select rolsuper, rolbypassrls, rolcreaterole, rolinherit, oid from pg_roles where rolname = current_user"
    )
    assert role is not None
    memberships = await connection.fetchval("select count(*) from pg_auth_members where member = $1", role["oid"])
    owned = await connection.fetchval("select count(*) from pg_class where relowner = $1", role["oid"])
    doors = await connection.fetch(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm') union all "
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege(oid, 'execute')"
    )
    await connection.close()

    assert (role["rolsuper"], role["rolbypassrls"], role["rolcreaterole"], memberships, owned) == (False, False, False, 0, 0)
    assert doors == [], "views and security-definer functions run as their owner and see every row"


def test_rule_when_it_lets_more_through_then_it_is_noticed() -> None:
    mine = "(partner_id = (NULLIF(current_setting('hansa.partner'::text, true), ''::text))::uuid)"
    held = f"({mine} OR (current_setting('hansa.operator'::text, true) = 'on'::text))"

    assert RULE.fullmatch(held)
    assert not RULE.fullmatch(f"({held} OR true)")
