"""How commands speak: results on standard output, everything else on standard error, JSON when asked."""

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

console = Console()
aside = Console(stderr=True)


def say(message: str) -> None:
    """Progress; never mixed into a result."""
    aside.print(f"[dim]hansa:[/] {message}", highlight=False)


def complain(message: str) -> None:
    """What went wrong, in a sentence."""
    aside.print("[bold red]hansa:[/] ", end="")
    aside.print(message, markup=False, highlight=False)


def as_json(value: object) -> None:
    """The result for programs."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def as_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str = "nothing") -> None:
    """The result for people."""
    if not rows:
        console.print(f"{title}: {empty}", highlight=False)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")  # a narrow terminal never cuts a figure off
    for row in rows:
        table.add_row(*(str(value) for value in row))
    console.print(table)
