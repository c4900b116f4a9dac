"""Reading a command line as the program would, without running it."""

import click
import typer


def parse(arguments: list[str]) -> None:
    """Raises click.UsageError or AssertionError where the program would not understand the arguments (without `hansa`)."""
    from hansa.cli import app

    command: click.Command = typer.main.get_command(app)
    context = command.make_context("hansa", list(arguments), resilient_parsing=True)
    rest = list(arguments)
    while isinstance(command, click.Group) and rest:
        found = command.get_command(context, rest[0])
        assert found is not None, f"there is no command {rest[0]} in {' '.join(arguments)}"
        command, rest = found, rest[1:]
    if rest or not isinstance(command, click.Group):
        command.make_context(arguments[0], rest, parent=context)
