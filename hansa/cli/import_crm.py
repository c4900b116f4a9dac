"""`hansa import`, with `crm`: bring a CRM's history into the system, with every figure explained and nothing lost silently."""

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from hansa.cli.import_payments import payments
from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, aside, complain, console, say

if TYPE_CHECKING:
    from hansa.crm.opportunities import Export
    from hansa.crm.run import Job
    from hansa.crm.summary import Summary
    from hansa.embedded.record import Running

app = typer.Typer(help="Bring history in from other systems.", no_args_is_help=True)


class Exclusivity(StrEnum):
    """What becomes of overlapping registrations in a history."""

    RECORD = "record"
    ENFORCE = "enforce"


@app.callback()
def _group() -> None:
    """Bring history in from other systems."""


app.command()(payments)


Folder = Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="The folder of the export's CSV files.")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", exists=True, dir_okay=False, help="What columns mean; see docs/examples/crm. Default: built in."),
]
How = Annotated[
    Exclusivity,
    typer.Option(help="record: credit as the history says, overlaps reported. enforce: the rules applied in order of registration."),
]
Source = Annotated[str | None, typer.Option(help="Names the CRM; with an opportunity's id it finds a deal again.")]
Currency = Annotated[str, typer.Option(help="Currency of the export's values (ISO 4217).")]
Rejects = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="Where rows go that were not imported, and why. Default: in the data folder."),
]


@app.command()
def crm(
    folder: Folder,
    mapping: MappingFile = None,
    exclusivity: How = Exclusivity.RECORD,
    source: Source = None,
    currency: Currency = "USD",
    rejects: Rejects = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Import a CRM's export (CSV files); importing it twice changes nothing."""
    import aiohttp

    from hansa.crm.failures import ImportFailed
    from hansa.crm.mapping import load
    from hansa.crm.opportunities import read_export
    from hansa.crm.printing import point_out, show
    from hansa.crm.rejects import check, write
    from hansa.crm.run import Job
    from hansa.embedded.system import system_on
    from hansa.simulate.client import Rejected
    from shared.chassis.errors import Refused

    try:
        rules = load(mapping)
        export = read_export(folder, rules, currency=currency)
        job = Job(rules, source=source or rules.source, currency=currency, exclusivity=exclusivity.value)
        target = rejects or folder_of(data_dir) / "imports" / f"{quote(job.source, safe='')}-rejects.csv"
        check(target)
        with system_on(folder_of(data_dir), say=say) as running:
            started = time.monotonic()
            summary = _run(running, job, export)
            seconds = time.monotonic() - started
    except (ImportFailed, Rejected, Refused, aiohttp.ClientError) as error:
        complain(str(error))
        raise typer.Exit(1) from error
    write(target, summary.rejects)
    point_out(aside, summary, rejects=target)
    if json:
        as_json(summary.as_json())
    else:
        show(console, summary, seconds=seconds)


def _run(running: "Running", job: "Job", export: "Export") -> "Summary":
    import aiohttp

    from hansa.crm import run as importing
    from hansa.crm.printing import shown_progress
    from hansa.simulate.client import Api

    async def work() -> "Summary":
        limits = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(timeout=limits) as session:
            return await importing.run(Api(session, running.address, token=running.token()), job, export, progress=report)

    with shown_progress(aside) as report:
        return asyncio.run(work())
