"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        file_okay=False,
        help="Folder of the one-machine system (else $HANSA_DATA, else .hansa beside the code).",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def folder_of(data_dir: Path | None) -> Path:
    """The folder that the option names, or the default one."""
    if data_dir is not None:
        return data_dir.expanduser().resolve()
    from hansa.embedded.system import default_folder

    return default_folder()
