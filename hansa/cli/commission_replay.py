"""`hansa commission replay`: the ledger built anew from its journal, and compared with the one that stands."""

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from hansa.cli.commission_books import books
from hansa.cli.options import DataDir, Json
from hansa.cli.output import as_json, as_table, complain, console

if TYPE_CHECKING:
    from services.commission.use_cases.replay import Replayed

Until = Annotated[datetime | None, typer.Option(help="Only what was recorded up to then (UTC).", show_default=False)]
PartnerId = Annotated[UUID | None, typer.Option(help="Compare this partner alone.", show_default=False)]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes to work in (default: one for each core).", show_default=False)]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin anew, even if an earlier run was cut short.")]


def replay(
    until: Until = None, partner: PartnerId = None, jobs: Jobs = None, fresh: Fresh = False, data_dir: DataDir = None, json: Json = False
) -> None:
    """Build the ledger anew from the journal beside live traffic; exits 1 and names the rows if it is another one.

    What a run that was cut short did is kept: the same command goes on from there.
    """
    from services.commission.use_cases.replay import Asked, Replay
    from shared.chassis.errors import Refused

    moment = until.replace(tzinfo=until.tzinfo or UTC) if until else None
    with books(data_dir) as url:
        started = time.perf_counter()
        try:
            found = asyncio.run(Replay(url, Asked(moment, partner), jobs=jobs or os.cpu_count() or 1).run(fresh=fresh))
        except Refused as refusal:
            complain(refusal.message)
            raise typer.Exit(1) from None
        took = time.perf_counter() - started
    if json:
        as_json(_values(found) | {"seconds": round(took, 3)})
    else:
        _tell(found, took)
    raise typer.Exit(0 if found.same else 1)


def _values(found: "Replayed") -> dict[str, object]:
    compared = found.comparison
    rows = [
        {"partner": x.partner_id, "kind": x.kind, "key": x.key, "fields": x.fields, "stored": x.stored, "rebuilt": x.rebuilt}
        for x in compared.differences
    ]
    return {
        "same": found.same,
        "facts": found.facts,
        "resumed": found.resumed,
        "until": found.until,
        "partners": compared.partners,
        "rows": compared.rows,
        "ledger_hash": compared.stored_hash,
        "replay_hash": compared.rebuilt_hash,
        "differing": len(compared.differing),
        "differences": rows,
        "refused": [{"fact": fact, "why": why} for fact, why in found.refused],
    }


def _tell(found: "Replayed", took: float) -> None:
    compared = found.comparison
    anew = found.facts - found.resumed
    gone_on = f" ({found.resumed:,} of them by an earlier run)" if found.resumed else ""
    console.print(f"{found.facts:,} facts of {compared.partners:,} partners worked{gone_on} in {took:.1f} s, {anew / took:,.0f} a second.")
    if found.until:
        console.print(f"Compared as of {found.until:%Y-%m-%d %H:%M:%S.%f} UTC: entries and transfers.")
    as_table("Rows", ["what", "rows"], [[kind, f"{count:,}"] for kind, count in compared.rows.items()], empty="none")
    console.print(f"ledger  {compared.stored_hash}\nreplay  {compared.rebuilt_hash}", highlight=False)
    if found.same:
        console.print("[bold green]The ledger is what its journal gives.[/]")
        return
    rows = [[x.kind, x.key, x.partner_id, _what(x.stored, x.rebuilt, x.fields)] for x in compared.differences]
    as_table("Differences", ["what", "key", "partner", "stored, replayed"], rows)
    as_table("Facts not accepted again", ["fact", "why"], found.refused)
    complain(f"The ledger is not what its journal gives: {len(compared.differing)} figures of partners differ.")


def _what(stored: dict[str, object] | None, rebuilt: dict[str, object] | None, fields: tuple[str, ...]) -> str:
    if stored is None:
        return "missing in the ledger"
    if rebuilt is None:
        return "not in the journal"
    return "; ".join(f"{name} {stored[name]}, {rebuilt[name]}" for name in fields)
