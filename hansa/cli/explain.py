"""`hansa explain`: where one commission entry comes from, down to its slices."""

import json as jsonlib
import urllib.error
import urllib.request
from typing import Annotated
from uuid import UUID

import typer
from rich.tree import Tree

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, complain, console, say


def command(
    entry: Annotated[UUID, typer.Argument(help="Id of a commission entry (see commission/v1/entries).")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Explain a commission entry: the facts, the plan version, the position before and after, each slice of the amount."""
    from hansa.embedded.system import system_on

    with system_on(folder_of(data_dir), say=say) as running:
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{running.address}/commission/v1/entries/{entry}/explain", headers={"Authorization": f"Bearer {running.token()}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found = jsonlib.load(answer)
        except urllib.error.HTTPError as error:
            problem = jsonlib.loads(error.read() or b"{}")
            complain(str(problem.get("detail") or problem.get("title") or f"the service answered {error.code}"))
            raise typer.Exit(1) from None
    if json:
        as_json(found)
    else:
        tree = Tree(f"[bold]entry {entry}[/]")
        _grow(tree, found)
        console.print(tree)


def _grow(tree: Tree, value: object) -> None:
    """Hang a JSON value under a branch: names to the left, values to the right."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
    for name, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            _grow(tree.add(f"[cyan]{name}[/]"), inner)
        else:
            tree.add(f"[cyan]{name}[/]  {inner}")
