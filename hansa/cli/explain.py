"""`hansa explain`: where one commission entry comes from, down to its slices."""

import json as jsonlib
import urllib.error
import urllib.request
from typing import Annotated, Any
from uuid import UUID

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, as_table, complain, console, say


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
        _tell(found)


def _tell(found: dict[str, Any]) -> None:
    """For people: the sentences, then how the amount adds up."""
    for sentence in found.get("sentences", ()):
        console.print(sentence, markup=False, highlight=False)
    steps = [[step["what"], step["amount"]] for step in found.get("steps", ())]
    as_table("How it adds up", ["what", "amount"], [*steps, ["total", found.get("total", "")]])
