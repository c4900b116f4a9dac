"""`hansa dead-letters`: events that could not be handled, and what becomes of them."""

import asyncio
import getpass
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, as_table, complain, console, say

if TYPE_CHECKING:
    from hansa.letters import Desk

app = typer.Typer(help="Parked events: list, show, retry, discard.", no_args_is_help=True)
_NUMBER = re.compile("[0-9]{1,18}")  # what a bigint holds
Refs = Annotated[list[str], typer.Argument(help="SERVICE/ID as `list` shows them.", show_default=False)]


@app.command("list")
def list_(
    service: Annotated[str, typer.Option(help="Only this service's.", show_default=False)] = "",
    settled: Annotated[bool, typer.Option("--settled", help="Also those that were handled or discarded.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List what is parked, oldest first, service by service."""
    with _desks(data_dir) as desks:
        if service and service not in desks:
            raise typer.BadParameter(f"there is no service {service!r}; there are {', '.join(desks)}.")
        chosen = [desk for name, desk in desks.items() if service in {"", name}]
        found = [letter for desk in chosen for letter in asyncio.run(desk.all(settled=settled))]
    if json:
        as_json([asdict(letter) for letter in found])
        return
    rows = [[x.ref, x.type, x.order_key, x.error, x.attempts, x.state, f"{x.parked_at:%Y-%m-%d %H:%M:%S}"] for x in found]
    as_table("Dead letters", ["ref", "type", "stream", "error", "attempts", "state", "parked (UTC)"], rows, empty="none are parked")


@app.command()
def show(ref: Annotated[str, typer.Argument(help="SERVICE/ID as `list` shows it.")], data_dir: DataDir = None, json: Json = False) -> None:
    """Show one with its headers, body and fault."""
    with _desks(data_dir) as desks:
        desk, number = _find(desks, ref)
        letter = asyncio.run(desk.show(number))
    if letter is None:
        complain(f"There is no dead letter {ref}.")
        raise typer.Exit(1)
    if json:
        as_json(asdict(letter))
        return
    fields = {**asdict(letter.summary), "event id": letter.event_id, "key": letter.key, "decided by": letter.decided_by}
    for name, value in fields.items():
        console.print(f"[bold]{name:>12}[/]  ", end="")
        console.print(str(value), markup=False, highlight=False)
    as_table("Headers", ["name", "value"], [list(header) for header in letter.headers])
    for title, text in (("Body", letter.body), ("Trace", letter.trace)):
        console.print(f"[bold]{title}[/]")
        console.print(text, markup=False, highlight=False)


@app.command()
def retry(
    refs: Annotated[list[str] | None, typer.Argument(help="SERVICE/ID as `list` shows them.", show_default=False)] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that failed themselves; those behind them follow.")] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Mark as ready: the worker handles them again, each stream in its order."""
    with _desks(data_dir) as desks:
        chosen = list(refs or ())
        if everything:
            chosen += [f"{name}/{number}" for name, desk in desks.items() for number in asyncio.run(desk.heads())]
        elif not chosen:
            raise typer.BadParameter("name at least one, or say --all.")
        _mark(desks, chosen, "ready", reason="", json=json)


@app.command()
def discard(
    refs: Refs,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the letter.")],
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Give them up for good: they stay on record, and what waits behind them goes on."""
    with _desks(data_dir) as desks:
        _mark(desks, refs, "discarded", reason=reason, json=json)


def _mark(desks: "dict[str, Desk]", refs: list[str], state: str, *, reason: str, json: bool) -> None:
    by = f"{getpass.getuser()}: {reason}" if reason else getpass.getuser()
    outcome = {}
    for ref in refs:
        desk, number = _find(desks, ref)
        outcome[ref] = asyncio.run(desk.mark(number, state, by=by))
    if json:
        as_json([{"ref": ref, "state": state if done else "not open"} for ref, done in outcome.items()])
    else:
        as_table("Dead letters", ["ref", "now"], [[ref, state if done else "not open any more"] for ref, done in outcome.items()])
    if not all(outcome.values()):
        raise typer.Exit(1)


def _find(desks: "dict[str, Desk]", ref: str) -> "tuple[Desk, int]":
    service, _, number = ref.partition("/")
    if service not in desks or not _NUMBER.fullmatch(number):
        raise typer.BadParameter(f"{ref!r} is not SERVICE/ID, such as commission/12.")
    return desks[service], int(number)


@contextmanager
def _desks(data_dir: DataDir) -> "Iterator[dict[str, Desk]]":
    """Each service's desk: where HANSA_<SERVICE>_API_URL says, else the system on the data folder."""
    from hansa import catalogue
    from hansa.embedded.system import system_on
    from hansa.letters import Desk

    given = {name: os.environ.get(f"HANSA_{name.upper()}_API_URL", "").replace("+asyncpg", "") for name in catalogue.SERVICES}
    if any(given.values()):
        yield {name: Desk(name, dsn) for name, dsn in given.items() if dsn}
        return
    with system_on(folder_of(data_dir), say=say) as running:
        yield {name: Desk(name, running.dsn(name, role="api")) for name in catalogue.SERVICES}
