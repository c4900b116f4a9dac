"""`hansa up`: everything on this machine until Ctrl-C."""

import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.panel import Panel

from hansa.cli.options import DataDir, folder_of
from hansa.cli.output import console, say

if TYPE_CHECKING:
    from hansa.embedded.record import Running


def command(
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(help="Port of the one address for everything, on 127.0.0.1.", min=0, max=65535)] = 8080,
    isolated: Annotated[bool, typer.Option("--isolated", help="A process for each role of each service, instead of two in all.")] = False,
) -> None:
    """Start everything: PostgreSQL, Kafka, all services behind one address. Ctrl-C stops it; the data stay for the next time."""
    from hansa.embedded.system import System

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    began = time.monotonic()
    system = System(folder_of(data_dir), port=port, isolated=isolated, say=say)
    try:
        running = system.start()
        console.print(
            Panel(
                _welcome(running, data_dir), title=f"Hansa is ready ({time.monotonic() - began:.1f} s)", expand=False, border_style="cyan"
            )
        )
        console.print("Ctrl-C stops everything.", style="dim")
        system.supervise(until=threading.Event())
    except _Ended:
        say("stopping …")
        system.stop()
        say("stopped; the data are kept")


class _Ended(BaseException):
    """Asked to end, by Ctrl-C or SIGTERM."""


def _end(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C does not cut the stop short
    raise _Ended


def _welcome(running: "Running", data_dir: Path | None) -> str:
    same_folder = f" --data-dir {data_dir}" if data_dir else ""
    return (
        f"[bold]{running.address}[/]\n\n"
        "start page, APIs and their documentation\n"
        f"data in {running.folder}\n"
        f"a token: bin/hansa token --role operator{same_folder}"
    )
