"""`hansa explain`: where one commission entry comes from, down to its slices."""

import json as jsonlib
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, as_table, complain, console, say

if TYPE_CHECKING:
    from hansa.embedded.record import Running


def command(
    entry: Annotated[UUID, typer.Argument(help="Id of a commission entry (see commission/v1/entries).")],
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write it as a page for people here.", show_default=False)] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Explain a commission entry: the event, the rule, each slice of the amount, and what became of the money."""
    from hansa.embedded.system import system_on

    with system_on(folder_of(data_dir), say=say) as running:
        found = jsonlib.loads(_asked(running, f"{entry}/explain"))
        if html is not None:
            html.write_bytes(_asked(running, f"{entry}/page"))
    if json:
        as_json(found)
    else:
        _tell(found)


def _asked(running: "Running", path: str) -> bytes:
    """The body of commission's answer; a problem ends the command with its sentence."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{running.address}/commission/v1/entries/{path}", headers={"Authorization": f"Bearer {running.token()}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        problem = jsonlib.loads(error.read() or b"{}")
        complain(str(problem.get("detail") or problem.get("title") or f"the service answered {error.code}"))
        raise typer.Exit(1) from None


def _tell(found: dict[str, Any]) -> None:
    """For people: the sentences, then how the amount adds up."""
    for sentence in found.get("sentences", ()):
        console.print(sentence, markup=False, highlight=False)
    for sentence in found.get("rule_text", ()):
        console.print(sentence, markup=False, highlight=False)
    steps = [[step["what"], step["amount"]] for step in found.get("steps", ())]
    as_table("How it adds up", ["what", "amount"], [*steps, ["total", found.get("total", "")]])
