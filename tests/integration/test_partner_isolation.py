"""No partner reads or changes another's rows: tried on every table as the API's role, and on every route as a rival."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from schemathesis import Case, GenerationMode, Response

from shared.chassis.testing.stage import Stage
from tests.support.asgi import Client
from tests.support.fuzzing import Fuzzer, document_of, served
from tests.support.life import Partner, look_at_large_deals, offer_spiff
from tests.support.services import SERVICES
from tests.support.world import World

EMPTY_IS_FINE = {  # tables that an ordinary life leaves empty
    ("commission", "statements_held_back"),  # a statement that differs from the ledger
    ("registration", "account_reviews"),
    ("registration", "intake_errors"),
    ("notifications", "attempts"),
}
_HELD = """
select c.relname, substring(pg_get_expr(p.polqual, p.polrelid) from '^\\(\\((\\w+) =') as partner_column
from pg_policy p join pg_class c on c.oid = p.polrelid
where p.polname like '%\\_api' and pg_get_expr(p.polqual, p.polrelid) ~ '^\\(\\(\\w+ =' order by 1"""
_COLUMNS = """
select array_agg(quote_ident(attname)) from pg_attribute
where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Rivals:
    """Two partners who have done the same things, and their world."""

    world: World
    victim: Partner
    rival: Partner

    async def connect(self, service: str, kind: str) -> Any:
        settings = self.world.services[service].platform.settings
        return await asyncpg.connect(getattr(settings, f"{kind}_url").replace("+asyncpg", ""))

    async def rows(self, partner: Partner) -> dict[tuple[str, str], list[str]]:
        """Every row that belongs to the partner, as JSON, by service and table."""
        found = {}
        for service in SERVICES:
            connection = await self.connect(service, "worker")
            for table, column in await connection.fetch(_HELD):
                rows = await connection.fetch(f"select to_jsonb(t)::text from {table} t where {column} = $1 order by 1", partner.id)
                found[service, table] = [row[0] for row in rows]
            await connection.close()
        return found

    def caller(self, service: str) -> Client:
        return self.world.client(service, "partner", partner_id=self.rival.id)


@pytest.fixture
async def rivals(stage: Stage) -> Rivals:
    world = await World.of(stage)
    await offer_spiff(world)
    await look_at_large_deals(world)
    victim, rival = Partner(world, "Victim Incorporated"), Partner(world, "Rival Limited")
    for partner in (victim, rival):
        await partner.join()
    for partner in (victim, rival):
        await partner.live()
    await world.end_month()
    return Rivals(world, victim, rival)


async def test_life_when_lived_then_nothing_is_parked_and_every_held_table_has_rows_of_both(rivals: Rivals) -> None:
    for service in SERVICES:
        connection = await rivals.connect(service, "worker")
        parked = await connection.fetch("select topic, error, detail from dead_letters")
        await connection.close()
        assert [tuple(row) for row in parked] == [], service
    for partner in (rivals.victim, rivals.rival):
        empty = {place for place, rows in (await rivals.rows(partner)).items() if not rows}
        assert empty == EMPTY_IS_FINE, "the tests below prove nothing about an empty table"


async def test_table_when_asked_as_a_rival_then_own_rows_alone_are_read_changed_and_made(rivals: Rivals) -> None:
    for service in SERVICES:
        connection = await rivals.connect(service, "api")
        worker = await rivals.connect(service, "worker")
        for table, column in await connection.fetch(_HELD):
            theirs = await worker.fetchval(f"select to_jsonb(t)::text from {table} t where {column} = $1 limit 1", rivals.victim.id)
            mine = await worker.fetchval(f"select count(*) from {table} where {column} = $1", rivals.rival.id)
            await _try_table(connection, table, column, rival=rivals.rival.id, mine=mine, theirs=theirs)
        await connection.close()
        await worker.close()


async def _try_table(connection: Any, table: str, column: str, *, rival: UUID, mine: int, theirs: str | None) -> None:
    columns = ", ".join(await connection.fetchval(_COLUMNS, table))
    await connection.execute("begin")
    await connection.execute("select set_config('hansa.partner', $1, true)", str(rival))
    seen = [row[0] for row in await connection.fetch(f"select {column} from {table}")]
    assert (set(seen) <= {rival}, len(seen)) == (True, mine), table
    if await connection.fetchval("select has_table_privilege($1, 'update')", table):
        changed = await connection.execute(f"update {table} set {column} = {column}")
        assert changed == f"UPDATE {mine}", table
    if theirs is not None and await connection.fetchval("select has_table_privilege($1, 'insert')", table):
        source = f"jsonb_populate_record(null::{table}, $1::text::jsonb)"
        insert = f"insert into {table} ({columns}) overriding system value select {columns} from {source}"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(insert, theirs)
    await connection.execute("rollback")
    assert await connection.fetchval(f"select count(*) from {table}") == 0, f"{table} is seen by nobody in particular"


async def test_route_when_read_as_a_rival_then_nothing_of_the_victim_is_in_any_answer(rivals: Rivals) -> None:
    secrets = _secrets(await rivals.rows(rivals.victim)) - _secrets(await rivals.rows(rivals.rival))
    assert str(rivals.victim.id) in secrets
    assert "Customer won of Victim Incorporated" in secrets
    ids = sorted(secret for secret in secrets if UUIDS.fullmatch(secret))
    tried = 0
    for service in SERVICES:
        for target in _targets(rivals.world.services[service].app.openapi(), ids):
            answer = await rivals.caller(service).get(target)
            tried += 1
            asked = set(UUIDS.findall(target))  # an answer may repeat what was asked, such as its own address
            leaked = {secret for secret in secrets - asked if secret in answer.body.decode()}
            assert not leaked, f"GET {service}{target} told {leaked}"
            assert answer.status < 500
            if asked and "?" not in target:
                assert answer.status in {403, 404}, f"GET {service}{target} answered {answer.status}"
    assert tried > 100


def _targets(document: dict[str, Any], ids: list[str]) -> list[str]:
    """Every GET route with each id in each of its places, in paths and in queries."""
    targets = []
    for path, item in document["paths"].items():
        if "get" not in item:
            continue
        if "{" in path:
            targets += [re.sub(r"\{\w+\}", each, path) for each in ids]
            continue
        filters = [each["name"] for each in item["get"].get("parameters", ()) if "uuid" in str(each["schema"])]
        targets += [f"{path}?limit=250", *(f"{path}?{name}={each}" for name in filters for each in ids)]
    return targets


async def test_route_when_written_to_as_a_rival_then_the_victims_rows_stay_as_they_were(rivals: Rivals) -> None:
    before = await rivals.rows(rivals.victim)
    ids = sorted(secret for secret in _secrets(before) - _secrets(await rivals.rows(rivals.rival)) if UUIDS.fullmatch(secret))
    token = rivals.world.stage.token("partner", partner_id=rivals.rival.id)
    for name, service in rivals.world.services.items():
        async with served(service) as address:
            fuzzer = Fuzzer(document_of(service), address=address, token=token, check=_no_5xx, examples=4, modes=[GenerationMode.POSITIVE])
            fuzzer.ids, fuzzer.aim, fuzzer.learning = ids, 1.0, False
            fuzzer.fixed = {"partner_id": str(rivals.victim.id)}
            await asyncio.to_thread(fuzzer.run)
        assert fuzzer.statuses, name

    assert await rivals.rows(rivals.victim) == before


def _no_5xx(case: Case, answer: Response) -> None:
    assert answer.status_code < 500, (case.method, case.path, answer.content)


def _secrets(rows: dict[tuple[str, str], list[str]]) -> set[str]:
    """Every id, and every longer text with a space or a dot in it, found in the rows."""
    text = " ".join(row for several in rows.values() for row in several)
    words = {word for word in re.findall(r'"((?:[^"\\]|\\.)*)"', text) if len(word) > 8 and re.search(r"[A-Za-z].*[ .]", word)}
    return set(UUIDS.findall(text)) | {word for word in words if "Victim" in word or "Rival" in word or UUIDS.search(word)}
