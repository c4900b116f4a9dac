"""`hansa test`: the suite on real servers, as continuous integration runs it."""

import os
import subprocess
import sys
from typing import Annotated

import typer

TIERS = ("unit", "property", "architecture", "contract", "integration", "e2e", "chaos")


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
    arguments = [f"tests/{tier}" for tier in TIERS if tier in chosen and (ROOT / "tests" / tier).exists()]
    arguments += ["-m", "mixture" if runs else "not mixture"]
    arguments += (["-k", only] if only else []) + (["-x"] if failfast else [])
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"HANSA_CHAOS_RUNS": str(runs)} if runs else {})
    if seed is not None:
        environment["HANSA_CHAOS_SEED"] = str(seed)
    raise typer.Exit(subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment, check=False).returncode)
