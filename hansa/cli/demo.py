"""`hansa demo`: a simulated partner network works for a business year on a system of its own; then everything is audited."""

from typing import Annotated

import typer

from hansa.cli.options import Json
from hansa.cli.output import as_json, aside, console


def demo(
    partners: Annotated[int, typer.Option(min=2, max=2_000, help="How many partners work in the network.")] = 40,
    deals: Annotated[int, typer.Option(min=10, max=50_000, help="How many deals they have within the year.")] = 800,
    seed: Annotated[int, typer.Option(help="The same seed plans the same year.")] = 7,
    json: Json = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the data, to be looked at with `hansa up --data-dir`.")] = False,
) -> None:
    """Run a simulated partner network for a business year through the public API, then audit every promise."""
    from hansa.simulate.run import CouldNotGoOn, run
    from hansa.simulate.show import show

    try:
        summary = run(partners=partners, deals=deals, seed=seed, keep=keep, console=aside if json else console)
    except CouldNotGoOn as error:
        typer.echo(f"The demo could not go on: {error}", err=True)
        raise typer.Exit(1) from error
    if json:
        as_json(summary.as_json())
    else:
        show(console, summary)
    raise typer.Exit(0 if summary.holds else 1)
