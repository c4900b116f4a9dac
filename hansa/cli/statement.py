"""`hansa statement`: a partner's statement computed again on any machine, without the service that issued it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hansa.cli.options import Json
from hansa.cli.output import as_json, as_table, complain, console

if TYPE_CHECKING:
    from services.commission.statement_finding import Finding

app = typer.Typer(help="Statements: verify one offline, figure by figure.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The statement as JSON (commission/v1/statements/{id}).", exists=True, dir_okay=False)]
Former = Annotated[
    Path | None, typer.Option("--former", help="The statement before it: see that this one goes on there.", exists=True, dir_okay=False)
]
Pdf = Annotated[Path | None, typer.Option("--pdf", help="Its PDF: see that it says the same.", exists=True, dir_okay=False)]
Hash = Annotated[str, typer.Option("--hash", help="The hash that was announced (event commission.statement_issued).", show_default=False)]


@app.callback()
def group() -> None:
    """Statements: verify one offline, figure by figure."""


@app.command()
def verify(file: File, former: Former = None, pdf: Pdf = None, announced: Hash = "", json: Json = False) -> None:
    """Compute a statement again from its facts, its plan and its opening, and say what differs; exit 1 if anything does."""
    from services.commission.statement_check import Unreadable, check, read

    try:
        document = read(file.read_bytes())
        found = check(document, former=read(former.read_bytes()) if former else None)
    except Unreadable as error:
        complain(str(error))
        raise typer.Exit(1) from error
    found += _announced(document, announced) + _printed(document, pdf, found)
    _tell(document, found, json=json)
    raise typer.Exit(1 if found else 0)


def _announced(document: dict[str, Any], announced: str) -> "list[Finding]":
    from services.commission.statement_finding import Finding

    if not announced or document.get("hash") == announced.lower():
        return []
    return [Finding("not_the_announced", "hash", "It is not the statement whose hash was announced.")]


def _printed(document: dict[str, Any], pdf: Path | None, found: "list[Finding]") -> "list[Finding]":
    from services.commission.statement_finding import Finding
    from services.commission.statement_pdf import render

    if pdf is None:
        return []
    if found:
        return [Finding("pdf_not_compared", "pdf", "The PDF is compared with a statement that is right alone.")]
    if pdf.read_bytes() != render(document):
        return [Finding("pdf_differs", "pdf", "The PDF is not the one that this release prints of the statement.")]
    return []


def _tell(document: dict[str, Any], found: "list[Finding]", *, json: bool) -> None:
    if json:
        as_json({"ok": not found, "hash": document.get("hash"), "findings": [vars_of(each) for each in found]})
    elif found:
        as_table("What differs", ["code", "place", "what"], [[each.code, each.place, each.sentence] for each in found])
    else:
        entries = sum(len(line["entries"]) for line in document["lines"])
        console.print(
            f"Statement {document['number']} of partner {document['partner']['id']} is right: {len(document['lines'])} facts and "
            f"{entries} entries computed again, every figure the same.\nSHA-256 {document['hash']}",
            markup=False,
            highlight=False,
        )


def vars_of(finding: "Finding") -> dict[str, str]:
    """A finding as JSON."""
    return {"code": finding.code, "place": finding.place, "sentence": finding.sentence}
