"""`hansa migrate`: every service's database to its newest revision."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, as_table, say


def command(
    services: Annotated[list[str] | None, typer.Argument(help="Only these (default: all).", show_default=False)] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Bring databases to their newest revision and write version 1 of the policies; running it again changes nothing.

    Databases are those of HANSA_<SERVICE>_MIGRATOR_URL or, where that is not set, of the system on --data-dir.
    """
    from hansa import catalogue, programme
    from hansa.embedded import prepare, wiring
    from hansa.embedded.system import system_on

    names = tuple(services or catalogue.SERVICES)
    if unknown := set(names) - set(catalogue.SERVICES):
        raise typer.BadParameter(f"there is no service {', '.join(sorted(unknown))}; there are {', '.join(catalogue.SERVICES)}.")
    here = [name for name in names if f"HANSA_{name.upper()}_MIGRATOR_URL" in os.environ]
    for name in here:
        programme.check(Path(catalogue.settings_of(name).programme), [name])
        asyncio.run(prepare.migrate(name))
    if rest := [name for name in names if name not in here]:
        folder = folder_of(data_dir)
        with system_on(folder, say=say) as running:
            settings = wiring.values(folder, admin_dsn=running.admin_dsn, kafka=running.kafka)
            for name in rest:
                asyncio.run(prepare.migrate(name, **settings[name]))
    if json:
        as_json({"migrated": list(names)})
    else:
        as_table("Migrated", ["service"], [[name] for name in names])
