"""`hansa commission`: quotes, the books rebuilt from their journal, and history under another plan."""

import typer

from hansa.cli.commission_quote import quote
from hansa.cli.commission_replay import replay
from hansa.cli.commission_what_if import what_if

app = typer.Typer(help="Commission: quote a plan, replay the books, try another plan.", no_args_is_help=True)
app.command()(quote)
app.command()(replay)
app.command("what-if")(what_if)


@app.callback()
def _group() -> None:
    """Commission: quote a plan, replay the books, try another plan."""
