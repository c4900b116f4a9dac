"""`hansa import payments`: bring invoices and payments of won deals in, each counted once, with every reject explained."""

import asyncio
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, aside, complain, console, say

if TYPE_CHECKING:
    from hansa.crm.payment_run import Summary
    from hansa.crm.payments import Defaults
    from hansa.embedded.record import Running

_WITHIN_S = 300.0


class Kind(StrEnum):
    """What rows are that do not say it."""

    PAYMENT = "payment"
    INVOICE = "invoice"


File = Annotated[
    Path, typer.Argument(metavar="FILE.csv", exists=True, dir_okay=False, help="Rows with reference, amount, date and a deal.")
]
KindOption = Annotated[Kind, typer.Option(help="What rows are that have no column `kind`.")]
Source = Annotated[str, typer.Option(help="The CRM whose opportunities `external_id` names, as given to `import crm`.")]
Currency = Annotated[str, typer.Option(help="Currency of rows that have no column `currency` (ISO 4217).")]
Encoding = Annotated[str, typer.Option(help="How the file is written, such as utf-8 or cp1252.")]
Delimiter = Annotated[str, typer.Option(help="What stands between fields.")]
Rejects = Annotated[
    Path | None,
    typer.Option(dir_okay=False, help="Where rows go that do not count, and why. Default: in the data folder."),
]


def payments(
    file: File,
    kind: KindOption = Kind.PAYMENT,
    source: Source = "crm",
    currency: Currency = "USD",
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = ",",
    rejects: Rejects = None,
    json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Import invoices and payments (a CSV file); importing it twice changes nothing."""
    import aiohttp

    from hansa.crm import rejects as rejected
    from hansa.crm.failures import ImportFailed
    from hansa.crm.payments import Defaults
    from hansa.embedded.system import system_on
    from hansa.simulate.client import Rejected
    from shared.chassis.errors import Refused

    defaults = Defaults(kind.value, source, currency)
    try:
        with system_on(folder_of(data_dir), say=say) as running:
            started = time.monotonic()
            summary = _run(running, file, defaults, encoding=encoding, delimiter=delimiter)
            seconds = time.monotonic() - started
    except (ImportFailed, Rejected, Refused, aiohttp.ClientError, LookupError) as error:
        complain(str(error))
        raise typer.Exit(1) from error
    target = rejects or Path(running.folder) / "imports" / f"{file.stem}-rejects.csv"
    rejected.write(target, summary.rejects)
    if json:
        as_json(summary.as_json())
    else:
        _show(summary, target, seconds=seconds)


def _run(running: "Running", file: Path, defaults: "Defaults", *, encoding: str, delimiter: str) -> "Summary":
    import aiohttp

    from hansa.crm import payment_run
    from hansa.crm.payments import rows
    from hansa.simulate.client import Api

    def report(read: int) -> None:
        if aside.is_terminal:
            aside.print(f"{read:,} rows", end="\r", highlight=False)

    async def work() -> "Summary":
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
            told = rows(file, defaults, encoding=encoding, delimiter=delimiter)
            return await payment_run.run(Api(session, running.address, token=running.token()), told, within_s=_WITHIN_S, progress=report)

    return asyncio.run(work())


def _show(summary: "Summary", rejects: Path, *, seconds: float) -> None:
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(summary.states.items()))
    console.print(f"{summary.read:,} rows read: {summary.recorded:,} new, {summary.unchanged:,} on record already", highlight=False)
    if states:
        console.print(f"where they stand: {states}", highlight=False)
    for reason, count in summary.skipped:
        console.print(f"not counted {count:,}: {reason}", markup=False, highlight=False)
    if summary.rejects:
        console.print(f"rows that do not count: see {rejects}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{seconds:.1f} s in all, until the books had caught up", highlight=False)
