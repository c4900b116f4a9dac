"""`hansa commission what-if`: real history under another plan, as table, CSV, JSON and picture."""

import asyncio
import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hansa.cli.commission_books import books
from hansa.cli.options import DataDir, Json
from hansa.cli.output import as_json, as_table, complain, console

if TYPE_CHECKING:
    from services.commission.domain.what_if import Change, WhatIf
    from services.commission.plan_document import PlanDocument

PlanFile = Annotated[Path, typer.Option("--plan", exists=True, dir_okay=False, help="The other plan (YAML), as in programme.yaml.")]
From = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Deals that closed from this day on.")]
CsvFile = Annotated[Path | None, typer.Option("--csv", dir_okay=False, help="Write every partner's figures here.", show_default=False)]
SvgFile = Annotated[Path | None, typer.Option("--svg", dir_okay=False, help="Draw the change here.", show_default=False)]
Top = Annotated[int, typer.Option(min=1, help="How many winners and losers the table shows.")]


def what_if(
    plan: PlanFile,
    since: From,
    csv_file: CsvFile = None,
    svg_file: SvgFile = None,
    top: Top = 10,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """What each partner would have earned under another plan. It reads only; the books are never touched. Exits 2 on a bad plan."""
    from services.commission.use_cases.what_if import what_if as asked
    from shared.chassis.clock import SystemClock
    from shared.chassis.errors import Refused

    document = _read(plan)
    with books(data_dir) as url:
        try:
            found = asyncio.run(asked(url, document, since=since.date(), as_of=SystemClock().now()))
        except Refused as refusal:
            complain(refusal.message)
            raise typer.Exit(2) from None
    if csv_file is not None:
        _write(csv_file, found)
    if svg_file is not None:
        from hansa.what_if_picture import picture

        svg_file.write_text(picture(found), encoding="utf-8")
    if json:
        as_json(_values(found))
    else:
        _tell(found, top)


def _read(path: Path) -> "PlanDocument":
    """The plan of the file: a document by itself, or the section `commission` of a programme."""
    import yaml

    from services.commission.domain.refusals import PlanInvalid
    from services.commission.plan_document import PlanDocument
    from services.commission.section import plan_part

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        complain(f"{path} is no YAML: {error}")
        raise typer.Exit(2) from None
    section = read.get("commission", read) if isinstance(read, dict) else {}
    try:
        return PlanDocument.read(plan_part(section))
    except PlanInvalid as refusal:
        complain(f"{path}: {refusal.message}")
        raise typer.Exit(2) from None


def _write(path: Path, found: "WhatIf") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["partner", "currency", "revenue", "old", "new", "difference"])
        for change in found.changes:
            figures = (change.revenue, change.old, change.new, change.difference)
            out.writerow([change.partner_id, found.currency, *(_major(minor, found) for minor in figures)])


def _values(found: "WhatIf") -> dict[str, Any]:
    partners = [
        {
            "partner": change.partner_id,
            "revenue": _major(change.revenue, found),
            "old": _major(change.old, found),
            "new": _major(change.new, found),
            "difference": _major(change.difference, found),
        }
        for change in found.changes
    ]
    cliffs = [
        {
            "version": cliff.version,
            "revenue": _major(cliff.revenue, found),
            "before": _major(cliff.before, found),
            "after": _major(cliff.after, found),
            "kind": cliff.kind,
            "recovers_at": None if cliff.recovers_at is None else _major(cliff.recovers_at, found),
            "near": cliff.near,
        }
        for cliff in found.cliffs
    ]
    return {
        "from": found.since,
        "currency": found.currency,
        "old": _major(found.old, found),
        "new": _major(found.new, found),
        "difference": _major(found.new - found.old, found),
        "winners": len(found.winners),
        "losers": len(found.losers),
        "partners": partners,
        "cliffs": cliffs,
        "facts": found.facts,
        "unrated": dict(found.unrated),
    }


def _tell(found: "WhatIf", top: int) -> None:
    columns = ["partner", "revenue", "old", "new", "difference"]
    for title, side in (("Winners", found.winners), ("Losers", found.losers)):
        as_table(f"{title}: {len(side)}", columns, [_row(change, found) for change in side[:top]], empty="none")
    cliffs = [
        [c.kind, _major(c.revenue, found), _major(c.before, found), _major(c.after, found), _again(c, found), c.near] for c in found.cliffs
    ]
    as_table("Cliffs", ["pay", "at revenue", "from", "to", "as much again at", "partners near"], cliffs, empty="none")
    for why, count in found.unrated:
        console.print(f"{count} facts could not be rated by the new plan: {why}", markup=False)
    change = found.new - found.old
    console.print(
        f"Total of {len(found.changes)} partners: {_major(found.old, found)} becomes {_major(found.new, found)} {found.currency}, "
        f"{'+' if change > 0 else ''}{_major(change, found)}."
    )


def _row(change: "Change", found: "WhatIf") -> list[object]:
    figures = [_major(minor, found) for minor in (change.revenue, change.old, change.new)]
    return [change.partner_id, *figures, f"{'+' if change.difference > 0 else ''}{_major(change.difference, found)}"]


def _again(cliff: Any, found: "WhatIf") -> str:
    if cliff.kind != "falls":
        return ""
    return "never" if cliff.recovers_at is None else _major(cliff.recovers_at, found)


def _major(minor: int, found: "WhatIf") -> str:
    from shared.chassis.money import Money

    return str(Money(minor, found.currency))
