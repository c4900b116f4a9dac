"""What an import shows to people: progress while it runs, what to look at, and the figures as a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hansa.crm import run as importing
from hansa.crm.summary import Summary


@contextmanager
def shown_progress(console: Console) -> Iterator[importing.Progress]:
    """A bar for each stage while the block lasts; none where nobody watches."""
    columns = (TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bars: dict[str, TaskID] = {}

        def report(stage: str, done: int, size: int) -> None:
            bar = bars.get(stage)
            if bar is None:
                bar = bars[stage] = progress.add_task(stage, total=size)
            progress.update(bar, completed=done, total=size)

        yield report


def point_out(console: Console, summary: Summary, *, rejects: Path) -> None:
    """Matched names, and where the rows are that were not imported."""
    for match in summary.matches:
        console.print(f'{match.kind} "{match.written}" taken as "{match.taken_as}" ({_rows(match.rows)})', markup=False, highlight=False)
    if summary.rejects:
        console.print(f"not imported: {_rows(len(summary.rejects))}; see {rejects}", markup=False, highlight=False, soft_wrap=True)


def _rows(count: int) -> str:
    return f"{count:,} row" + ("" if count == 1 else "s")


def show(console: Console, summary: Summary, *, seconds: float) -> None:
    """The figures."""
    table = Table("Partner", title=f"Imported wins, {summary.currency}", title_justify="left")
    for name in ("Deals won", "Revenue", "Commission"):
        table.add_column(name, justify="right")
    for line in summary.partners:
        table.add_row(line.name, f"{line.deals_won:,}", str(line.revenue), str(line.commission))
    table.add_section()
    table.add_row("all", f"{summary.won:,}", str(summary.total_revenue), str(summary.total_commission))
    console.print(table)
    console.print(
        f"{summary.read:,} opportunities read: {summary.won:,} won, {summary.lost:,} lost, {summary.open:,} open; "
        f"{summary.fresh:,} changed something; {summary.conflicts:,} overlapped a rival's registration",
        highlight=False,
    )
    for reason, count in summary.skipped:
        console.print(f"skipped {count:,}: {reason}", markup=False, highlight=False)
    console.print(f"{seconds:.1f} s in all, until commission had caught up", highlight=False)
