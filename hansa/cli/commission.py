"""`hansa commission`: quotes, the books rebuilt from their journal, history under another plan, and what banks report."""

import typer

from hansa.cli.commission_bank_report import bank_report
from hansa.cli.commission_quote import quote
from hansa.cli.commission_replay import replay
from hansa.cli.commission_what_if import what_if

app = typer.Typer(help="Commission: quote a plan, replay the books, try another plan, take a bank's report in.", no_args_is_help=True)
app.command()(quote)
app.command()(replay)
app.command("what-if")(what_if)
app.command("bank-report")(bank_report)


@app.callback()
def _group() -> None:
    """Commission: quote a plan, replay the books, try another plan, take a bank's report in."""
