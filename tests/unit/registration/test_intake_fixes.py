"""A suggestion for every refusal that the intake can answer, found in the code that it runs."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.registration.domain.intake.fixes import FIXES, GENERAL, fix_of
from shared.chassis.errors import Refused

ROOT = Path(__file__).parents[3]
MODULES = (  # what an opportunity passes through
    "services.registration.domain.accounts.identifiers",
    "services.registration.domain.deals.deal",
    "services.registration.domain.drafts",
    "services.registration.domain.intake.desk",
    "services.registration.domain.intake.news",
    "services.registration.domain.intake.opportunity",
    "services.registration.domain.values",
    "services.registration.mapping.deals",
    "services.registration.use_cases.identify",
    "services.registration.use_cases.take_in",
    "shared.chassis.money",
)
# Raised in these modules by steps that no opportunity makes: extensions and refunds; closing, amending and reopening a deal in another
# state (test_step_when_an_opportunity_leads_to_it_then_the_deal_is_where_it_begins).
NEVER = {"extensions_used", "protection_over", "refund_known", "already_closed", "deal_not_closed", "deal_not_won"}


def _raised(module: str) -> Iterator[type[Refused]]:
    """The refusals that a module raises or makes."""
    loaded = importlib.import_module(module)
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())
    for node in ast.walk(tree):
        named = node.func if isinstance(node, ast.Call) else node.exc if isinstance(node, ast.Raise) else None
        owner = getattr(loaded, "no", None) if isinstance(named, ast.Attribute) else loaded
        name = named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")
        found = getattr(owner, name, None)
        if isinstance(found, type) and issubclass(found, Refused):
            yield found


CODES = sorted({refusal.code for module in MODULES for refusal in _raised(module)} - NEVER)


def test_codes_when_looked_for_then_found() -> None:
    assert len(CODES) > 20


@pytest.mark.parametrize("code", [*CODES, "row_invalid"])
def test_code_when_the_intake_can_answer_it_then_there_is_a_suggestion_of_its_own(code: str) -> None:
    assert FIXES.get(code, GENERAL) != GENERAL, "say in domain/intake_fixes.py what to do about it"
    assert fix_of(code).endswith(".")


def test_suggestion_when_listed_then_the_intake_can_answer_its_code() -> None:
    assert FIXES.keys() - {*CODES, "row_invalid"} == set()


def test_code_when_unknown_then_there_is_a_general_suggestion() -> None:
    assert fix_of("something new") == GENERAL
