"""Exports: everything, to each what is its own, and back in again with the same result."""

import asyncio
import csv
import io
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from typer.testing import CliRunner

from hansa.cli import main
from hansa.crm.mapping import load
from hansa.crm.opportunities import read_export
from services.registration.store.exports import EXPORTS
from shared.chassis.ids import derived_id
from shared.chassis.testing.stage import Stage
from tests.integration.registration.intake_world import DAY, START, row, won
from tests.integration.registration.world import World
from tests.support.fuzzing import served

HISTORY = Path(__file__).parents[4] / "shared" / "data" / "crm-sales-opportunities"
MINUTE = timedelta(minutes=1)
_STATE = """
select d.partner_id, d.account_name, d.families, d.territory, d.country, d.registered_at, d.granted, d.protected_until,
    d.protection_ended_at,
    d.conflict, d.state, d.closed_at, d.currency, d.amount_minor, d.terms::text, d.source, d.external_id, d.source_changed_at,
    (select array_agg((s.family, s.path, s.during)::text order by s.family, s.during) from protection_slots s where s.deal_id = d.id)
from deals d order by d.source, d.external_id"""
_ACCOUNTS = """
select array_agg(d.source || d.external_id order by d.external_id)::text from deals d group by d.account_id order by 1"""

_COPIES = """
insert into deals select r.* from generate_series(1, $1) n, deals d,
    jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'external_id', $2 || n)) r
where d.external_id = 'O1'"""


@pytest.fixture
async def world(stage: Stage) -> World:
    return await World.open(stage)


async def _exported(world: World, what: str, *, by: Any = None, **query: str) -> bytes:
    answer = await (by or world.staff).get(f"/v1/exports/{what}", params=query)
    assert answer.status_code == 200, answer.text
    content: bytes = answer.content
    return content


def _lines(text: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in text.splitlines()]


def _history() -> list[dict[str, Any]]:
    """The CRM's history where it is at hand, else one made like it; partners by the name of their agent."""
    if not HISTORY.exists():
        return _made()
    export = read_export(HISTORY, load(None), currency="USD")
    rows = []
    for one in sorted(export.opportunities, key=lambda each: (each.engaged_at, each.line)):
        sold = {"amount": str(one.amount), "currency": one.amount.currency} if one.amount else {}
        rows.append({
            "source": "crm", "external_id": one.id, "partner_id": str(derived_id("agent", one.partner)), "account_name": one.customer.name,
            "country": one.customer.country, "families": [one.family], "engaged_at": one.engaged_at.isoformat(), "stage": one.stage,
            "closed_at": one.closed_at.isoformat() if one.closed_at else None, **sold,
        })  # fmt: skip
    return rows


def _made() -> list[dict[str, Any]]:
    rows = []
    for number in range(900):
        stage = ("won", "lost", "open")[number % 3]
        closed = {"closed_at": (START + (number % 300 + 9) * DAY).isoformat(), "amount": f"{number}.00"} if stage != "open" else {}
        rows.append({
            "source": "crm", "external_id": f"O{number}", "partner_id": str(derived_id("agent", number % 7)), "country": "DE",
            "account_name": f"Account {number % 40}", "families": [("GTX", "MG")[number % 2]],
            "engaged_at": (START + number % 300 * DAY + number * MINUTE).isoformat(), "stage": stage, **closed,
        })  # fmt: skip
    return sorted(rows, key=lambda row: row["engaged_at"])


async def _import(world: World, lines: list[bytes]) -> set[str]:
    results: set[str] = set()
    for start in range(0, len(lines), 500):
        answer = await world.staff.post("/v1/imports", content=b"\n".join(lines[start : start + 500]))
        results |= {orjson.loads(line)["result"] for line in answer.content.splitlines()}
    return results


async def test_deals_when_exported_and_imported_elsewhere_then_the_same_state(world: World, stage: Stage) -> None:
    history = _history()
    partners = {UUID(one["partner_id"]) for one in history}
    for partner in partners:
        await world.heard(partner)
    await _import(world, [orjson.dumps({key: value for key, value in one.items() if value is not None}) for one in history])
    exported = await _exported(world, "deals")
    before, together = await world.rows(_STATE), await world.rows(_ACCOUNTS)
    assert len(before) == len(exported.splitlines()) > 500
    assert await _import(world, exported.splitlines()) == {"unchanged"}

    await world.service.platform.close()
    await stage.stores.fresh("registration")
    await world.service.migrate()
    for partner in partners:
        await world.heard(partner)
    await _import(world, exported.splitlines())
    assert (await world.rows(_STATE), await world.rows(_ACCOUNTS)) == (before, together)


async def test_deal_of_our_own_when_exported_and_imported_again_then_unchanged(world: World) -> None:
    deal = await world.registered()
    [exported] = _lines(await _exported(world, "deals"))
    assert (exported["source"], exported["external_id"], exported["account_domain"]) == ("hansa", deal["id"], "acme.co.uk")
    assert [one["result"] for one in await world.imported(exported)] == ["unchanged"]
    withdrawn = await world.done(deal, "withdraw", reason="x")
    [exported] = _lines(await _exported(world, "deals"))
    assert (exported["stage"], exported["version"]) == ("withdrawn", withdrawn["version"])
    assert [one["code"] for one in await world.imported(exported)] == ["row_invalid"]


@pytest.mark.parametrize("what", EXPORTS)
@pytest.mark.parametrize("kind", ["ndjson", "csv"])
async def test_export_when_asked_for_by_the_vendor_then_it_is_there_in_both_forms(world: World, what: str, kind: str) -> None:
    await world.imported(won(world, 1), row(world, 2), won(world, 3, amount="x"))
    answer = await world.staff.get(f"/v1/exports/{what}", params={"format": kind})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith({"ndjson": "application/x-ndjson", "csv": "text/csv"}[kind])
    if kind == "csv":
        [head, *rows] = csv.reader(io.StringIO(answer.text, newline=""))
        assert tuple(head) == EXPORTS[what].columns
        assert {len(each) for each in rows} <= {len(head)}
    counts = {"deals": 2, "accounts": 2, "slots": 2, "intake-errors": 1}
    lines = len(answer.content.splitlines()) - (kind == "csv")
    assert lines == counts.get(what, 0)


async def test_export_when_a_partner_asks_then_its_own_rows_and_nothing_of_others(world: World) -> None:
    await world.imported(row(world, 1, tax_id="T1"), row(world, 2, partner_id=str(world.rival_id), account_domain="rival.example"))
    mine = _lines(await _exported(world, "deals", by=world.partner))
    assert [(one["external_id"], one.get("tax_id")) for one in mine] == [("O1", None)]
    assert {one["deal_id"] for one in _lines(await _exported(world, "slots", by=world.partner))} == {mine[0]["deal_id"]}
    assert await _exported(world, "reviews", by=world.partner) == b""
    for what in (name for name, export in EXPORTS.items() if export.partner_column is None):
        assert (await world.partner.get(f"/v1/exports/{what}")).json()["code"] == "scope_missing"


async def test_csv_when_a_cell_looks_like_a_formula_then_it_is_none(world: World) -> None:
    await world.imported(
        row(world, 1, account_name='=cmd|"/c calc"!A1'), row(world, 2, account_name="-1+1"), row(world, 3, account_name="@x")
    )
    [_, *rows] = csv.reader(io.StringIO((await _exported(world, "deals", format="csv")).decode(), newline=""))
    assert [each[3] for each in rows] == ['\'=cmd|"/c calc"!A1', "'-1+1", "'@x"]


async def test_export_when_rows_are_many_then_memory_stays_flat(world: World) -> None:
    """Ten times the rows take no more memory than a few: they are never held together."""
    await world.imported(row(world, 1))
    peaks = []
    for count in (2_000, 18_000):
        async with world.service.platform.worker_database.transaction() as uow:
            await uow.fetch(_COPIES, count, f"{count} ")
        tracemalloc.start()
        async with _reader(world) as client, client.stream("GET", "/v1/exports/deals") as answer:
            lines = sum([part.count(b"\n") async for part in answer.aiter_raw()])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert lines == 20_001
    assert peaks[1] < 2 * peaks[0] + 2_000_000


async def test_export_when_rows_are_entered_meanwhile_then_it_shows_one_moment(world: World) -> None:
    await world.imported(*(row(world, number) for number in range(600, 1_099)))
    await world.imported(*(row(world, number) for number in range(500, 600)))
    seen = 0
    async with _reader(world) as client, client.stream("GET", "/v1/exports/deals") as answer:
        async for part in answer.aiter_raw():
            if seen == 0:
                await world.imported(row(world, 5_000, engaged_at=START + 300 * DAY))
            seen += part.count(b"\n")
    assert seen == 599


async def test_command_when_run_then_a_file_for_each_export(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.imported(won(world, 1), row(world, 2))
    async with served(world.service) as address:
        running = SimpleNamespace(address=address, token=world.stage.token)

        @contextmanager
        def system_on(*_: object, **__: object) -> Iterator[object]:
            yield running

        monkeypatch.setattr("hansa.embedded.system.system_on", system_on)
        monkeypatch.setattr("hansa.cli.export._PREFIX", "v1")
        arguments = ["export", "registration", str(tmp_path / "all"), "--format", "csv", "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, main.build(["export"]), arguments)
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "all").iterdir()} == {f"{name}.csv" for name in EXPORTS}
    assert len((tmp_path / "all" / "deals.csv").read_text().splitlines()) == 3


@asynccontextmanager
async def _reader(world: World) -> AsyncIterator[httpx2.AsyncClient]:
    """The vendor's client of a real address, where an answer is sent while it is made."""
    async with served(world.service) as address:
        headers = {"authorization": f"Bearer {world.stage.token()}"}
        async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
            yield client
