"""`hansa import crm`: bring a CRM's history into the system, with every figure explained and nothing lost silently."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hansa.crm import run as importing
from hansa.crm.earnings import NotCaughtUp
from hansa.crm.files import ExportInvalid
from hansa.crm.mapping import MappingInvalid, load
from hansa.crm.partners import NotHeardOf
from hansa.crm.rejects import write
from hansa.crm.run import Job
from hansa.crm.summary import Summary
from hansa.embedded.record import Running
from hansa.embedded.system import default_folder, system_on
from hansa.simulate.client import Api, Rejected
from shared.chassis.errors import Refused
from shared.chassis.money import exponent

app = typer.Typer(name="import", help="Bring history in from other systems.", no_args_is_help=True)


class Exclusivity(StrEnum):
    """What becomes of overlapping registrations in a history."""

    RECORD = "record"
    ENFORCE = "enforce"


@app.callback()
def _group() -> None:
    """Bring history in from other systems."""


@app.command()
def crm(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="The folder of the export's CSV files.")],
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What the columns mean; see docs/examples/crm. Default: built in.")
    ] = None,
    exclusivity: Annotated[
        Exclusivity,
        typer.Option(help="record: credit as the history says, overlaps reported. enforce: the rules applied in order of registration."),
    ] = Exclusivity.RECORD,
    source: Annotated[str | None, typer.Option(help="Names the CRM; with an opportunity's id it finds a deal again.")] = None,
    currency: Annotated[str, typer.Option(help="Currency of the export's values (ISO 4217).")] = "USD",
    rejects: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where rows go that were not imported, with line and reason. Default: in the data.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON instead.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="The system's data folder; one is started there if none runs.")] = None,
) -> None:
    """Import a CRM's export; importing it twice changes nothing."""
    console = Console(stderr=True)
    try:
        rules = load(mapping)
        exponent(currency)
        job = Job(folder, rules, source=source or rules.source, currency=currency, exclusivity=exclusivity.value)
        with system_on(data_dir or default_folder(), say=lambda text: console.print(text, markup=False)) as running:
            started = time.monotonic()
            summary = _run(running, job, console=console)
            seconds = time.monotonic() - started
            target = rejects or Path(running.folder) / "imports" / f"{job.source}-rejects.csv"
    except (MappingInvalid, ExportInvalid, NotHeardOf, NotCaughtUp, Rejected, Refused, aiohttp.ClientError) as error:
        console.print(f"[red]Nothing more was imported:[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    write(target, summary.rejects)
    _report(console, summary, rejects=target)
    if as_json:
        typer.echo(json.dumps(summary.as_json(), indent=2, ensure_ascii=False))
    else:
        _show(Console(), summary, seconds=seconds)


def _run(running: Running, job: Job, *, console: Console) -> Summary:
    async def work() -> Summary:
        limits = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(timeout=limits) as session:
            return await importing.run(Api(session, running.address, token=running.token()), job, progress=report)

    with _progress(console) as report:
        return asyncio.run(work())


@contextmanager
def _progress(console: Console) -> Iterator[importing.Progress]:
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars: dict[str, TaskID] = {}

        def report(stage: str, done: int, size: int) -> None:
            bar = bars.get(stage)
            if bar is None:
                bar = bars[stage] = progress.add_task(stage, total=size)
            progress.update(bar, completed=done, total=size)

        yield report


def _report(console: Console, summary: Summary, *, rejects: Path) -> None:
    """What a person should look at, beside the figures: on standard error, so that --json stays clean."""
    for match in summary.matches:
        console.print(f'{match.kind} "{match.written}" taken as "{match.taken_as}" ({match.rows:,} rows)', markup=False, highlight=False)
    if summary.rejects:
        console.print(f"{len(summary.rejects):,} rows were not imported; see {rejects}", markup=False, highlight=False, soft_wrap=True)


def _show(console: Console, summary: Summary, *, seconds: float) -> None:
    table = Table("Partner", title=f"Imported wins, {summary.currency}")
    for name in ("Deals won", "Revenue", "Commission"):
        table.add_column(name, justify="right")
    for line in summary.partners:
        table.add_row(line.name, f"{line.deals_won:,}", str(line.revenue), str(line.commission))
    table.add_section()
    table.add_row("all", f"{summary.won:,}", "", str(summary.total_commission))
    console.print(table)
    console.print(
        f"{summary.read:,} opportunities read: {summary.won:,} won, {summary.lost:,} lost, {summary.open:,} open; "
        f"{summary.fresh:,} changed something; {summary.conflicts:,} overlapped a rival's registration"
    )
    for reason, count in summary.skipped:
        console.print(f"skipped: {reason} {count:,}", markup=False)
    console.print(f"{seconds:.1f} s, {summary.read / max(seconds, 0.001):,.0f} opportunities/s with commission")
