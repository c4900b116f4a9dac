"""Statements as tests read them: issued by the timer, read over HTTP, verified on paper as a partner would."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
from typer.testing import CliRunner

from hansa.cli.main import build
from shared.chassis.service import Service
from tests.integration.commission.facts import partner, rows

DAY = timedelta(days=1)
APRIL, MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (4, 5, 6, 7))
Json = dict[str, Any]

_RUN = CliRunner()
_APP = build(["statement"])


async def issue(service: Service) -> list[Json]:
    """Let the timer do what is due; every statement so far, by partner and number."""
    await service.worker.timers.run_due()
    found = await rows(service, "select document from statements order by partner_id, number")
    return [orjson.loads(row[0]) for row in found]


async def of(service: Service, number: int) -> list[Json]:
    """The partner's statements so far, after the timer did what is due."""
    return [each for each in await issue(service) if each["partner"]["id"] == str(partner(number))]


@dataclass(frozen=True)
class Copy:
    """A statement as its partner downloads it: the document, its PDF, and the hash that was listed."""

    document: Path
    pdf: Path
    announced: str

    @property
    def read(self) -> Json:
        found: Json = orjson.loads(self.document.read_bytes())
        return found


async def download(client: httpx2.AsyncClient, folder: Path, number: int) -> Sequence[Copy]:
    """Every statement of the partner, in order."""
    listed = (await client.get("/v1/statements", params={"partner_id": str(partner(number))})).json()["items"]
    found = []
    for item in listed:
        copy = Copy(folder / f"{number}-{item['number']}.json", folder / f"{number}-{item['number']}.pdf", item["hash"])
        copy.document.write_bytes((await client.get(f"/v1/statements/{item['id']}")).content)
        copy.pdf.write_bytes((await client.get(f"/v1/statements/{item['id']}/pdf")).content)
        found.append(copy)
    return found


def verify(document: Path, *options: str | Path) -> tuple[int, list[Json]]:
    """`hansa statement verify`: how it ends, and what it finds."""
    result = _RUN.invoke(_APP, ["statement", "verify", str(document), "--json", *map(str, options)])
    findings: list[Json] = json.loads(result.output)["findings"]
    return result.exit_code, findings
