"""The whole demo: a system of its own, the year with live progress, the audit, the figures."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

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


class CouldNotGoOn(Exception):
    """What stopped the demo, in a sentence; what is merely off is a finding of the audit instead."""


def run(*, partners: int, deals: int, seed: int, keep: bool, console: Console) -> Summary:
    """Start a system, let the planned year happen on it, audit it, stop it. Raises CouldNotGoOn."""
    plan = draw(seed=seed, partners=partners, deals=deals, now=datetime.now(UTC))
    try:
        with _system(console, keep=keep) as running, _progress(console) as report:
            return asyncio.run(_work(running, plan, report=report))
    except (CannotStart, ServerFailed, Rejected, NotTaken) as error:
        raise CouldNotGoOn(str(error)) from error


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
