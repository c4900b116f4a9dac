"""`hansa commission bank-report`: a bank's status report (pain.002) is taken in, and each of its lines told."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, complain, console, say

if TYPE_CHECKING:
    from hansa.embedded.record import Running

PATH = "commission/v1/bank-reports"
_FINE = frozenset({"paid", "failed", "unchanged", "already"})
File = Annotated[Path, typer.Argument(metavar="FILE.xml", exists=True, dir_okay=False, help="pain.002.001.10 or pain.002.001.03.")]


def bank_report(file: File, json: Json = False, data_dir: DataDir = None) -> None:
    """Take a bank's status report in; a file that came before does nothing. Exits 1 where a line fits no payout."""
    import aiohttp

    from hansa.embedded.system import system_on
    from hansa.simulate.client import Rejected
    from shared.chassis.errors import Refused

    try:
        with system_on(folder_of(data_dir), say=say) as running:
            report = asyncio.run(_send(running, file.read_bytes()))
    except (Rejected, Refused, aiohttp.ClientError) as error:
        complain(str(error))
        raise typer.Exit(1) from error
    as_json(report) if json else show(report)
    if any(line["result"] not in _FINE for line in report["lines"]):
        raise typer.Exit(1)


async def _send(running: "Running", content: bytes) -> dict[str, Any]:
    import aiohttp

    from hansa.simulate.client import Api

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        report: dict[str, Any] = await Api(session, running.address, token=running.token()).post_xml(PATH, content)
        return report


def show(report: dict[str, Any]) -> None:
    """What became of the file, and every line that fits no payout."""
    if report["repeated"]:
        console.print(f"came before, at {report['received_at']}: nothing was done now", highlight=False)
    counts = Counter(line["result"] for line in report["lines"])
    console.print(", ".join(f"{count:,} {result}" for result, count in sorted(counts.items())) or "no payment is told of", highlight=False)
    for line in report["lines"]:
        if line["result"] not in _FINE:
            console.print(f"{line['end_to_end_id']} {line['status']}: {line['result']}", markup=False, highlight=False)
