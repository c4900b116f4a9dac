"""Reading a command line as the program would, without running it."""

import click
import typer

from hansa.cli.main import build

PLACEHOLDERS = {"ENTRY": "0198f0a0-0000-7000-8000-000000000000", "DIR": ".", "FILE": "README.md", "SERVICE": "tiering", "REF": "tiering/1"}


def parse(arguments: list[str]) -> None:
    """Raises click.UsageError or AssertionError where the program would not understand the arguments (without `hansa`)."""
    command: click.Command = typer.main.get_command(build())
    context = command.make_context("hansa", list(arguments), resilient_parsing=True)
    rest = [PLACEHOLDERS.get(word, word) for word in arguments]
    while isinstance(command, click.Group) and rest:
        found = command.get_command(context, rest[0])
        assert found is not None, f"there is no command {rest[0]} in {' '.join(arguments)}"
        command, rest = found, rest[1:]
    if rest or not isinstance(command, click.Group):
        command.make_context(arguments[0], rest, parent=context)
