"""`hansa test`: the suite on real servers, as continuous integration runs it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

ALONE = ("unit", "property", "architecture", "contract")
"""Tiers that need no server: they run beside the others, on the core that those leave free."""
_NONE_CHOSEN = 5
TIERS = (*ALONE, "integration", "e2e", "chaos")


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
    raise typer.Exit(
        _run([each for each in here if each in ALONE], [each for each in here if each not in ALONE], options, environment, ROOT)
    )


def _run(alone: Sequence[str], on_servers: Sequence[str], options: Sequence[str], environment: Mapping[str, str], root: Path) -> int:
    """Both groups side by side, what the first printed after the second; pytest's exit code, of two the worse."""

    def pytest(tiers: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "pytest", *(f"tests/{tier}" for tier in tiers), *options]

    if not (alone and on_servers):
        return subprocess.run(pytest([*alone, *on_servers]), cwd=root, env=environment, check=False).returncode
    with tempfile.TemporaryFile() as printed:
        beside = subprocess.Popen(pytest(alone), cwd=root, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        try:
            codes = {subprocess.run(pytest(on_servers), cwd=root, env=environment, check=False).returncode, beside.wait()}
        finally:
            beside.terminate()
        printed.seek(0)
        typer.echo(f"\n{', '.join(alone)} (beside the others):\n{printed.read().decode(errors='replace')}")
    return max(codes - {_NONE_CHOSEN}, default=_NONE_CHOSEN)
