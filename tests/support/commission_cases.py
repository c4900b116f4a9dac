"""Acceptance cases of the calculator: documents in, answers out, as the case files write them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from services.commission.domain.refusals import PlanInvalid
from services.commission.quoting import quote

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "cases" / "commission"
GIVEN = ROOT.parent / "shared" / "cases" / "commission.yaml"
CHECKED = ("entries", "balances", "waiting", "rejected", "plan_errors", "warnings")


@dataclass
class Answer:
    """What a case gave."""

    entries: list[list[str | None]] = field(default_factory=list)
    balances: dict[str, dict[str, str]] = field(default_factory=dict)
    waiting: list[list[str]] = field(default_factory=list)
    rejected: list[list[str]] = field(default_factory=list)
    plan_errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Every case by its name: the given ones, where they are at hand, and the project's own."""
    files = [file for file in (GIVEN, *sorted(OWN.glob("*.yaml"))) if file.exists()]
    return [(f"{file.stem}/{case['id']}", case) for file in files for case in _read(file)]


def _read(file: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load(file.read_text())
    for case in document["cases"]:
        if isinstance(case["plan"], str):
            case["plan"] = document["plans"][case["plan"]]
    return list(document["cases"])


def asked(case: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a case that is a quote's document."""
    return {name: case[name] for name in ("plan", "events", "fx", "as_of") if name in case}


def answer(case: Mapping[str, Any]) -> Answer:
    """Figure a case."""
    try:
        found = quote(asked(case))
    except PlanInvalid as refusal:
        return Answer(plan_errors=list(refusal.details["codes"]))  # type: ignore[call-overload]
    return shown({name: getattr(found, name) for name in ("entries", "balances", "waiting", "rejected", "warnings")})


def shown(found: Mapping[str, Any]) -> Answer:
    """A quote's answer as cases write it."""
    return Answer(
        entries=[[row["event"], row["partner"], row["kind"], row["amount"]] for row in found["entries"]],
        balances=found["balances"],
        waiting=[[row["event"], row["reason"]] for row in found["waiting"]],
        rejected=[[row["event"], row["code"]] for row in found["rejected"]],
        warnings=[row["code"] for row in found["warnings"]],
    )
