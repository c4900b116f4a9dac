"""`hansa test`: the suite on real servers, as continuous integration runs it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

TIERS = ("unit", "property", "architecture", "contract", "integration", "e2e", "chaos")
_LONGEST = "integration"
_APART = ("integration/chassis", "integration/commission")
"""The parts of the longest tier that run with the others beside the rest of it: two halves of about the same length, a core for each."""
_NONE_CHOSEN = 5


def command(
    tiers: Annotated[list[str] | None, typer.Argument(help=f"Some of: {', '.join(TIERS)} (default: all).", show_default=False)] = None,
    runs: Annotated[int, typer.Option(help="With chaos: this many seeded mixtures of every fault, instead of each fault once.", min=0)] = 0,
    seed: Annotated[int | None, typer.Option(help="With --runs: the first mixture's seed.", show_default=False)] = None,
    only: Annotated[str, typer.Option("-k", help="Only tests whose names match (pytest's -k).", show_default=False)] = "",
    failfast: Annotated[bool, typer.Option("-x", help="Stop at the first failure.")] = False,
) -> None:
    """Run the tests: every tier, or those named. A server that cannot start is a failure, never a skip."""
    from hansa.catalogue import ROOT

    chosen = list(tiers or TIERS)
    if unknown := set(chosen) - set(TIERS):
        raise typer.BadParameter(f"there is no tier {', '.join(sorted(unknown))}; there are {', '.join(TIERS)}.")
    if runs and chosen != ["chaos"]:
        raise typer.BadParameter("--runs belongs to chaos: hansa test chaos --runs 20.")
    options = ["-m", "mixture" if runs else "not mixture"]
    options += (["-k", only] if only else []) + (["-x"] if failfast else [])
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"HANSA_CHAOS_RUNS": str(runs)} if runs else {})
    if seed is not None:
        environment["HANSA_CHAOS_SEED"] = str(seed)
    here = [tier for tier in TIERS if tier in chosen and (ROOT / "tests" / tier).exists()]
    raise typer.Exit(_run(here, options, environment, ROOT))


def _run(tiers: Sequence[str], options: Sequence[str], environment: Mapping[str, str], root: Path) -> int:
    """The halves side by side, each with servers of its own, what the second printed after the first; of pytest's exit codes the worst."""
    commands = [[sys.executable, "-m", "pytest", *half, *options] for half in halves(tiers)]
    if len(commands) == 1:
        return subprocess.run(commands[0], cwd=root, env=environment, check=False).returncode
    with tempfile.TemporaryFile() as printed:
        beside = subprocess.Popen(commands[1], cwd=root, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        try:
            codes = {abs(subprocess.run(commands[0], cwd=root, env=environment, check=False).returncode), abs(beside.wait())}
        finally:
            beside.terminate()
        printed.seek(0)
        typer.echo(f"\nThe other half:\n{printed.read().decode(errors='replace')}")
    return max(codes - {_NONE_CHOSEN}, default=_NONE_CHOSEN)


def halves(tiers: Sequence[str]) -> list[list[str]]:
    """What pytest is given for each of the processes that run `tiers`: one, or two if the longest is among them."""
    folders = [f"tests/{tier}" for tier in tiers if tier != _LONGEST]
    if _LONGEST not in tiers:
        return [folders]
    apart = [f"tests/{folder}" for folder in _APART]
    return [[f"tests/{_LONGEST}", *(f"--ignore={folder}" for folder in apart)], [*folders, *apart]]
