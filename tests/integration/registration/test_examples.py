"""The examples for those who connect a sales system: run as they are written, against the real broker and a real address."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from shared.chassis.testing import eventually
from shared.chassis.testing.stage import Stage
from tests.integration.registration.world import World
from tests.support.fuzzing import served

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
PARTNER = "01980a6e-3c00-7a10-8c55-6b1d0f3e9a01"


async def _run(command: Sequence[str], *, given: bytes = b"", **environment: str) -> bytes:
    streams = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(*command, **streams, env=os.environ | environment)  # type: ignore[arg-type]
    out, err = await process.communicate(given)
    assert process.returncode == 0, (out, err)
    return out


def _rows(world: World) -> bytes:
    return (EXAMPLES / "http" / "opportunities.ndjson").read_bytes().replace(PARTNER.encode(), str(world.partner_id).encode())


async def test_producer_when_run_twice_then_its_opportunities_are_deals_once(stage: Stage) -> None:
    world = await World.open(stage, worker=True)
    topic = f"{stage.topic_prefix}crm.opportunity_changed"
    command = [sys.executable, str(EXAMPLES / "kafka" / "producer.py"), await stage.kafka(), "salesforce", topic]
    lines = [_without_source(line) for line in _rows(world).splitlines()]
    for _ in range(2):
        await _run(command, given=b"\n".join(lines))

    async def there() -> bool:
        return bool(await world.rows("select 1 from deals where state = 'won'")) and bool(await world.rows("select 1 from intake_errors"))

    await eventually(there, what="the opportunities")
    assert await world.rows("select external_id, state, source_version from deals") == [("0065g00000XyZ12", "won", 2)]
    assert await world.rows("select external_id, code, times from intake_errors") == [("0065g00000XyZ34", "amount_invalid", 1)]


def _without_source(line: bytes) -> bytes:
    told: dict[str, Any] = orjson.loads(line)
    del told["source"]
    return orjson.dumps(told)


async def test_script_when_run_then_all_is_taken_in_and_the_broken_row_is_corrected(stage: Stage) -> None:
    world = await World.open(stage)
    async with served(world.service) as address:
        given = {"api": address, "token": stage.token("connector"), "partner": str(world.partner_id)}
        printed = await _run(["bash", str(EXAMPLES / "http" / "send.sh")], **given)
    assert b'"news":"stale"' in printed, printed
    assert b"Write amounts as digits with a point" in printed
    assert await world.rows("select external_id, state from deals order by 1") == [("0065g00000XyZ12", "won"), ("0065g00000XyZ34", "won")]
    assert await world.rows("select state from intake_errors") == [("corrected",)]
