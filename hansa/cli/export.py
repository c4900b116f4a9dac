"""`hansa export`: everything that a service keeps, written to files that others can read and that can be imported again."""

import shutil
import urllib.error
import urllib.request
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, as_table, complain, say

if TYPE_CHECKING:
    from hansa.embedded.record import Running

app = typer.Typer(help="Write everything that a service keeps to files.", no_args_is_help=True)
_PREFIX = "registration/v1"
Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="The folder to write to; made if it is not there.")]


class Format(StrEnum):
    """What files are written as."""

    NDJSON = "ndjson"
    CSV = "csv"


@app.callback()
def _group() -> None:
    """Write everything that a service keeps to files."""


@app.command()
def registration(
    folder: Folder,
    format: Annotated[Format, typer.Option(help="NDJSON can be imported again; CSV is for spreadsheets.")] = Format.NDJSON,  # noqa: A002 - its name as an option
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Export deals, accounts, protection, reviews, refusals and what the intake keeps: a file each, from one moment each."""
    from hansa.embedded.system import system_on
    from services.registration.store.exports import EXPORTS

    folder.mkdir(parents=True, exist_ok=True)
    with system_on(folder_of(data_dir), say=say) as running:
        written = {name: _save(running, name, folder / f"{name}.{format.value}", format.value) for name in EXPORTS}
    if json:
        as_json({name: str(path) for name, path in written.items()})
    else:
        as_table("Exported", ["what", "file", "bytes"], [[name, path, path.stat().st_size] for name, path in written.items()])


def _save(running: "Running", name: str, path: Path, kind: str) -> Path:
    """One export in its file, which is there once it is whole. Memory stays flat."""
    address = f"{running.address}/{_PREFIX}/exports/{name}?format={kind}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {running.token()}"})  # noqa: S310 - our own address
    fresh = path.with_name(f"{path.name}.part")
    try:
        with urllib.request.urlopen(request, timeout=120) as answer, fresh.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except urllib.error.URLError as error:
        complain(f"{name} cannot be exported: {error.reason}")
        raise typer.Exit(1) from None
    return fresh.replace(path)
