"""Every command by its name, and how failures are told: a sentence, never a trace."""

import importlib
import os
import sys
from collections.abc import Iterable

import typer

from hansa.cli.output import complain

# name → the file that holds it; a file has `app` (a group), else `command` or a function of its own name
COMMANDS = {
    "demo": "demo",
    "up": "up",
    "test": "test",
    "token": "token",
    "import": "import_crm",
    "export": "export",
    "explain": "explain",
    "commission": "commission",
    "statement": "statement",
    "receipt": "receipt",
    "dead-letters": "dead_letters",
    "run": "run",
    "migrate": "migrate",
    "topics": "topics",
    "bench": "bench",
}
_LIBRARIES = (("asyncpg", "PostgresError"), ("asyncpg", "InterfaceError"), ("sqlalchemy.exc", "SQLAlchemyError"))


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(
        help="Hansa: a partner programme in events, on real Kafka and PostgreSQL. Start with `demo`, or `up`.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_hansa)  # keeps a name a name when only one command is there
    for name in names:
        module = importlib.import_module(f"hansa.cli.{COMMANDS[name]}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(module.command if hasattr(module, "command") else getattr(module, COMMANDS[name]))
    return app


def _hansa() -> None:
    """Hansa: a partner programme in events, on real Kafka and PostgreSQL. Start with `demo`, or `up`."""


def main() -> None:
    """Run the command that the arguments name; only its own file is imported, so that it starts at once."""
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        build([named] if named in COMMANDS else COMMANDS)(prog_name="hansa")
    except _surroundings() as error:
        if os.environ.get("HANSA_DEBUG"):
            raise
        complain(_sentence(error))
        sys.exit(1)


def _surroundings() -> tuple[type[Exception], ...]:
    """Faults of what the commands stand on; those of a library count once the command has loaded it."""
    loaded = [(sys.modules[module], name) for module, name in _LIBRARIES if module in sys.modules]
    return (RuntimeError, OSError, *(getattr(module, name) for module, name in loaded))


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return str(error)
