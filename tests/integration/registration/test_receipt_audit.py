"""The record of receipts checked by the worker and by the operator: what a superuser changes is named, what partners kept is not lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from hansa.cli.main import build
from hansa.cli.receipt_audit import Audited, run
from services.registration.settings import Settings
from services.registration.use_cases.receipts.check import ReceiptCheck
from services.registration.use_cases.receipts.signing import Signer
from shared.chassis.testing.stage import Stage
from tests.integration.registration.test_receipt_sets import row
from tests.integration.registration.test_receipts import links, receipt
from tests.integration.registration.world import World

GAUGE = "hansa_registration_receipt_faults{"
Tamper = Callable[[str], Awaitable[None]]


@pytest.fixture
async def world(stage: Stage) -> World:
    """Four receipts: one alone, a run of three."""
    world = await World.open(stage)
    await world.registered()
    await world.imported(*(row(world, number) for number in range(3)))
    return world


@pytest.fixture
async def tamper(stage: Stage, world: World) -> Tamper:
    """What a superuser can do."""

    async def change(sql: str) -> None:
        connection = await asyncpg.connect(stage.stores.admin_dsn.rpartition("/")[0] + "/hansa_registration")
        await connection.execute("set session_replication_role = replica")
        await connection.execute(sql)
        await connection.close()

    return change


def settings(world: World) -> Settings:
    found = world.service.platform.settings
    assert isinstance(found, Settings)
    return found


async def audited(world: World) -> Audited:
    return await run(settings(world).worker_url, Signer(settings(world).signing_keys).public)


TAMPERINGS = [
    ("update receipts set content = replace(content, 'Acme', 'Axme') where sequence = 1", {"content_changed"}),
    ("update receipts set salt = content_hash from receipt_links l where l.sequence = 2 and receipts.sequence = 2", {"content_changed"}),
    ("update receipts set received_at = received_at - interval '1 second' where sequence = 3", {"content_changed", "time_went_back"}),
    ("update receipts set partner_id = gen_random_uuid() where sequence = 2", {"content_changed"}),
    ("update receipts set subject_id = gen_random_uuid() where sequence = 2", {"content_changed"}),
    ("update receipts set content = '[]' where sequence = 2", {"content_changed"}),
    ("delete from receipts where sequence = 2", {"receipt_missing"}),
    ("delete from receipt_links where sequence = 2", {"link_missing"}),
    ("update receipt_links set content_hash = hash where sequence = 2", {"link_changed", "content_changed"}),
    ("update receipt_links set previous_hash = hash where sequence = 2", {"link_changed"}),
    ("update receipt_links set hash = content_hash where sequence = 2", {"link_changed"}),
    ("update receipt_links set key_id = 'another' where sequence = 1", {"key_unknown"}),
    ("update receipt_links set signature = content_hash where sequence = 1", {"signature_wrong"}),
    ("update receipt_links set key_id = null, signature = null where sequence = 4", {"signature_missing"}),
    ("update receipt_head set hash = decode(repeat('ab', 32), 'hex')", {"head_differs"}),
    ("update receipt_head set sequence = 3", {"head_differs", "signature_missing"}),
    ("update receipt_head set sequence = 5", {"link_missing", "signature_missing"}),
    ("delete from receipt_head", {"head_missing"}),
]


@pytest.mark.parametrize(("sql", "found"), TAMPERINGS)
async def test_audit_when_a_superuser_changes_anything_then_named(world: World, tamper: Tamper, sql: str, found: set[str]) -> None:
    before = await audited(world)
    assert (before.faults, before.receipts) == ([], 4)
    await tamper(sql)
    assert {fault.code for fault in (await audited(world)).faults} == found


def _check(world: World, *, size: int) -> ReceiptCheck:
    signer = Signer(settings(world).signing_keys)
    return ReceiptCheck(signer, metrics=world.service.platform.telemetry.metrics, size=size)


def _gauge(world: World) -> float:
    lines = world.service.platform.telemetry.metrics.exposition().decode().splitlines()
    return float(next(line for line in lines if line.startswith(GAUGE)).rsplit(" ", 1)[1])


async def _tick(world: World, check: ReceiptCheck, times: int) -> list[float]:
    gauges = []
    for _ in range(times):
        async with world.service.platform.worker_database.transaction() as uow:
            assert await check(uow) == 0
        gauges.append(_gauge(world))
    return gauges


async def test_self_check_when_a_receipt_is_changed_then_the_gauge_rises_and_falls_once_it_is_mended(world: World, tamper: Tamper) -> None:
    check = _check(world, size=2)
    assert await _tick(world, check, 4) == [0, 0, 0, 0]
    await tamper("update receipts set content = replace(content, 'Acme', 'Axme') where sequence = 1")
    assert await _tick(world, check, 2) == [1, 1]
    assert "content_changed at 1" in (await world.rows("select found from receipt_checks"))[0][0]
    await tamper("update receipts set content = replace(content, 'Axme', 'Acme') where sequence = 1")
    assert await _tick(world, check, 3) == [1, 0, 0]


async def test_self_check_when_the_end_of_the_chain_is_cut_off_then_noticed_although_all_that_is_left_is_signed(
    world: World, tamper: Tamper
) -> None:
    check = _check(world, size=10)
    assert await _tick(world, check, 1) == [0]
    await tamper("delete from receipts where sequence > 1")
    await tamper("delete from receipt_links where sequence > 1")
    await tamper("update receipt_head set sequence = 1, hash = l.hash from receipt_links l where l.sequence = 1")
    assert (await audited(world)).faults == [], "who has kept nothing cannot tell"
    assert await _tick(world, check, 2) == [1, 1]


async def test_self_check_when_a_worker_runs_its_timers_then_it_is_one_of_them(world: World) -> None:
    await world.service.worker.timers.run_due()
    assert await world.rows("select faults, former_faults from receipt_checks") == [(0, 0)]


async def test_commands_when_run_on_what_the_service_gave_then_right_and_a_changed_record_is_named(
    world: World, tamper: Tamper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {
        "receipt": await receipt(world.partner, 2),
        "links": await links(world.partner),
        "head": (await world.partner.get("/v1/receipts/head")).json(),
        "keys": (await world.partner.get("/v1/receipts/keys")).json(),
    }
    files = {name: tmp_path / f"{name}.json" for name in given}
    for name, document in given.items():
        files[name].write_text(json.dumps(document))
    known = ("--keys", files["keys"])
    assert _run("verify", files["receipt"], *known) == 0
    assert _run("verify-chain", files["links"], "--head", files["head"], "--receipt", files["receipt"], *known) == 0
    monkeypatch.setenv("HANSA_REGISTRATION_WORKER_URL", settings(world).worker_url)
    monkeypatch.setenv("HANSA_REGISTRATION_RECEIPT_KEYS_FILE", str(settings(world).receipt_keys_file))
    assert await asyncio.to_thread(_run, "audit") == 0
    await tamper("delete from receipts where sequence = 2")
    assert await asyncio.to_thread(_run, "audit") == 1


def _run(*arguments: object) -> int:
    return CliRunner().invoke(build(["receipt"]), ["receipt", *map(str, arguments)]).exit_code
