"""`hansa demo`: a simulated partner network works for a business year on a system of its own; then everything is audited."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hansa import catalogue
from hansa.embedded.processes import ServerFailed
from hansa.embedded.record import Running
from hansa.embedded.system import CannotStart, System
from hansa.simulate.audit import audit
from hansa.simulate.client import Rejected
from hansa.simulate.deals import NotTaken
from hansa.simulate.listener import Listener
from hansa.simulate.plan import Plan, draw
from hansa.simulate.stores import Stores
from hansa.simulate.summary import Summary, summarise
from hansa.simulate.year import STAGES, Report, Simulation

# The demo's own receiver listens on loopback, where webhooks may not go unless the operator allows it.
_ENVIRONMENT = {"HANSA_NOTIFICATIONS_ALLOW_PRIVATE_TARGETS": "true"}


def demo(
    partners: Annotated[int, typer.Option(min=2, max=2_000, help="How many partners work in the network.")] = 40,
    deals: Annotated[int, typer.Option(min=10, max=50_000, help="How many deals they have within the year.")] = 1_200,
    seed: Annotated[int, typer.Option(help="The same seed plans the same year.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures and the audit as JSON instead.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the data, to be looked at with `hansa up --data-dir`.")] = False,
) -> None:
    """Run a simulated partner network for a business year through the public API, then audit every promise."""
    console = Console(stderr=as_json, quiet=as_json)
    plan = draw(seed=seed, partners=partners, deals=deals, now=datetime.now(UTC))
    try:
        with _system(console, keep=keep) as running, _progress(console) as report:
            summary = asyncio.run(_work(running, plan, report=report))
    except (CannotStart, ServerFailed, Rejected, NotTaken) as error:
        typer.echo(f"The demo could not go on: {error}", err=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(summary.as_json(), indent=2))
    else:
        _show(console, summary)
    raise typer.Exit(0 if summary.holds else 1)


@contextmanager
def _system(console: Console, *, keep: bool) -> Iterator[Running]:
    """A system on a folder of its own, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="hansa-demo-"))
    system = System(folder, port=0, durable=False, environment=_ENVIRONMENT)
    try:
        with console.status("PostgreSQL, Kafka and the services start …"):
            running = system.start()
        console.print(f"All services answer at {running.address} (real PostgreSQL and Kafka in {folder})")
        yield running
    finally:
        system.stop()
        if keep:
            console.print(f"The data are kept: [bold]bin/hansa up --data-dir {folder}[/bold]")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _work(running: Running, plan: Plan, *, report: Report) -> Summary:
    urls = {service: running.dsn(service) for service in catalogue.SERVICES}
    limits = aiohttp.ClientTimeout(total=120)
    async with Listener() as listener, Stores(urls, topics=catalogue.TOPICS) as stores, aiohttp.ClientSession(timeout=limits) as session:
        simulation = Simulation(running, session, listener=listener, stores=stores, report=report)
        year = await simulation.run(plan)
        findings = await audit(simulation.staff, year, listener=listener, stores=stores)
        return await summarise(simulation.staff, year, listener=listener, audit=findings)


@contextmanager
def _progress(console: Console) -> Iterator[Report]:
    """A bar for each stage, live."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bars: dict[str, TaskID] = {stage: progress.add_task(stage, total=None, start=False) for stage in STAGES}

        def report(stage: str, done: int, total: int) -> None:
            progress.start_task(bars[stage])
            progress.update(bars[stage], completed=done, total=total)

        yield report


def _show(console: Console, summary: Summary) -> None:
    tiers = Table("Tier", title="Partners by tier")
    for name in ("Partners", "Revenue, USD", "Commission, USD"):
        tiers.add_column(name, justify="right")
    for row in summary.tiers:
        tiers.add_row(row.tier, str(row.partners), _grouped(row.revenue), _grouped(row.commission))
    tiers.add_section()
    tiers.add_row("all", str(sum(row.partners for row in summary.tiers)), _grouped(summary.revenue), _grouped(summary.commission))
    console.print(tiers)
    console.print("Deals: " + ", ".join(f"{count} {what}" for what, count in summary.deals.items()))
    console.print("Trainings: " + ", ".join(f"{count} {what}" for what, count in summary.trainings.items()))
    console.print(f"Events: {summary.events_published:,} published, {summary.events_consumed:,} consumed")
    console.print(f"Webhooks: {summary.webhooks_delivered:,} delivered and verified")
    for finding in summary.audit:
        mark = "[green]✓[/green]" if finding.holds else "[red]✗[/red]"
        console.print(f"{mark} {finding.promise}: ", end="")
        console.print(finding.detail, markup=False)
    console.print("[green]Everything holds.[/green]" if summary.holds else "[red]Something is off; see above.[/red]")


def _grouped(amount: str) -> str:
    whole, _, cents = amount.partition(".")
    return f"{int(whole):,}.{cents}"
