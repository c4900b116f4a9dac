"""`hansa bench`: speed as a ratio to the machine's limit and to a peer, measured in the same run."""

import importlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared.chassis import loops

if TYPE_CHECKING:
    from benchmarks.ground import Report


class Bench(StrEnum):
    """What can be measured."""

    PIPELINE = "pipeline"
    COMMISSION = "commission"
    REPLAY = "replay"
    REGISTER = "register"
    RELAY = "relay"
    IMPORT = "import"
    WEBHOOK = "webhook"
    MATCHING = "matching"
    RIVAL = "rival"
    SCALE = "scale"


_TAKES_LONG = {Bench.SCALE}  # an hour, and 50 GB of disk: only when named
_MODULES = {Bench.IMPORT: "benchmarks.importing"}


def command(
    names: Annotated[list[Bench] | None, typer.Argument(help="Some of them (default: all but scale).", show_default=False)] = None,
    runs: Annotated[int, typer.Option(help="Runs of each contender, in turn; the median counts.", min=1)] = 5,
    rows: Annotated[int, typer.Option(help="Of scale: ledger entries of the large store.", min=100_000)] = 10_000_000,
    events: Annotated[int, typer.Option(help="Of scale: events over which memory is watched.", min=400_000)] = 2_000_000,
    accounts: Annotated[int, typer.Option(help="Of matching: accounts in the large store.", min=20_000)] = 100_000,
    misses: Annotated[bool, typer.Option("--misses", help="Of matching: list the pairs that it gets wrong.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON instead.")] = False,
) -> None:
    """Measure on servers of its own with durable commits; exits 1 if a target was missed."""
    from benchmarks.ground import quietly

    quietly()
    chosen = names or [bench for bench in Bench if bench not in _TAKES_LONG]
    own = {Bench.SCALE: {"rows": rows, "events": events}, Bench.MATCHING: {"accounts": accounts, "misses": misses}}
    reports = loops.run(_measure(chosen, runs, own))
    if as_json:
        typer.echo(json.dumps([report.as_json() for report in reports], indent=2))
    else:
        for report in reports:
            _show(Console(), report)
    raise typer.Exit(0 if all(report.reached for report in reports) else 1)


async def _measure(names: list[Bench], runs: int, own: dict[Bench, dict[str, int]]) -> "list[Report]":
    from benchmarks.ground import ground

    reports: list[Report] = []
    for name in names:
        module = importlib.import_module(_MODULES.get(name, f"benchmarks.{name}"))
        async with ground() as standing:
            found = await module.measure(standing, runs=runs, **own.get(name, {}))
            reports += found if isinstance(found, list) else [found]
    return reports


def _show(console: Console, report: "Report") -> None:
    table = Table(title=report.title, title_justify="left")
    for heading in ("contender", "median", "lowest", "highest", "unit", "ours / it", "to reach"):
        table.add_column(heading, justify="left" if heading in ("contender", "unit") else "right")
    for measure in (report.ours, *report.others):
        mine = measure is report.ours
        target = report.targets.get(measure.name)
        table.add_row(
            measure.name,
            f"{measure.median:,.0f}",
            f"{min(measure.rates):,.0f}",
            f"{max(measure.rates):,.0f}",
            measure.unit,
            "" if mine else f"{report.ratio(measure):.2f}",
            "" if target is None else f"{target:g}",
        )
    console.print(table)
    for name, value in report.facts.items():
        console.print(f"  {name}: {value}", markup=False)
