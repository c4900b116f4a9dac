"""`hansa receipt`: a submission's receipt verified on any machine, the chain between two heads, the whole record."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hansa.cli.options import DataDir, Json
from hansa.cli.output import as_json, as_table, complain, console

if TYPE_CHECKING:
    from services.registration.domain.receipts.document import Fault
    from services.registration.domain.receipts.document import Json as Document

app = typer.Typer(help="Receipts: proof of when a deal was submitted, verified offline.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="The receipt as JSON (registration/v1/receipts/{sequence}).", exists=True, dir_okay=False)]
Files = Annotated[
    list[Path],
    typer.Argument(help="The links as JSON (registration/v1/receipts/links), a file a page, in order.", exists=True, dir_okay=False),
]
Keys = Annotated[
    str,
    typer.Option(
        "--keys",
        help="The published keys: a file or an address (registration/v1/receipts/keys). Without it, those of the system that runs here.",
        show_default=False,
    ),
]
Heads = Annotated[
    list[Path] | None, typer.Option("--head", help="A signed head: see that the chain goes through it.", exists=True, dir_okay=False)
]
Receipts = Annotated[
    list[Path] | None, typer.Option("--receipt", help="A receipt: see that the chain goes through it.", exists=True, dir_okay=False)
]


@app.callback()
def group() -> None:
    """Receipts: proof of when a deal was submitted, verified offline."""


@app.command()
def verify(file: File, keys: Keys = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Check one receipt: its content, its place in the chain, its signature; exit 1 and a code for each fault if it is not right."""
    from hansa.cli.receipt_keys import published
    from services.registration.domain.receipts.document import check_receipt

    document = _read(file)
    found = check_receipt(document, published(keys, data_dir))
    right = ""
    if not found:
        content = document["content"]
        right = (
            f"Receipt {document['sequence']} is right: {content['account_name']} for partner {content['partner_id']}, "
            f"received {document['received_at']}.\nSHA-256 {document['hash']}"
        )
    _end(found, right, json=json)


@app.command("verify-chain")
def verify_chain(
    files: Files, head: Heads = None, receipt: Receipts = None, keys: Keys = "", data_dir: DataDir = None, json: Json = False
) -> None:
    """Check that links follow from one another, and that signed heads and receipts kept earlier are in them; exit 1 if not."""
    from hansa.cli.receipt_keys import published
    from services.registration.domain.receipts.document import check_head, check_receipt
    from services.registration.domain.receipts.download import check_download, passes_through
    from services.registration.domain.receipts.keys import PublicKeys

    links, found = check_download([_read(file) for file in files])
    known = published(keys, data_dir) if head or receipt else PublicKeys(())
    for paths, check in ((head, check_head), (receipt, check_receipt)):
        for document in map(_read, paths or ()):
            found += check(document, known) or passes_through(links, document)
    right = f"{len(links)} links follow from one another, from {links[0].sequence} to {links[-1].sequence}." if links else ""
    _end(found, right, json=json)


@app.command()
def audit(keys: Keys = "", data_dir: DataDir = None, json: Json = False) -> None:
    """Check every receipt of the database against the chain and its signatures; exit 1 and name what was changed."""
    from hansa.cli.receipt_audit import record, run
    from hansa.cli.receipt_keys import own, published

    with record(data_dir) as url:
        audited = asyncio.run(run(url, published(keys, data_dir) if keys else own(data_dir)))
    right = f"{audited.receipts:,} receipts follow from one another, and every signature is right.\nhead {audited.head}"
    _end(audited.faults, right, json=json)


def _read(path: Path) -> "Document":
    from services.registration.domain.receipts.document import Unreadable, read

    try:
        return read(path.read_bytes())
    except Unreadable as error:
        complain(f"{path}: {error}")
        raise typer.Exit(1) from error


def _end(found: "list[Fault]", right: str, *, json: bool) -> None:
    """Say what is wrong, or that all is right, and end with 1 or 0."""
    if json:
        as_json({"ok": not found, "findings": [{"code": one.code, "sequence": one.sequence, "sentence": one.sentence} for one in found]})
    elif found:
        as_table("What is wrong", ["code", "receipt", "what"], [[one.code, one.sequence or "", one.sentence] for one in found])
    else:
        console.print(right, markup=False, highlight=False)
    raise typer.Exit(1 if found else 0)
