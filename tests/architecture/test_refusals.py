"""Every refusal of commission can happen, has a test that names it, and says it in a sentence."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "services" / "commission"
TESTS = "\n".join(
    path.read_text(encoding="utf-8")
    for suffix in ("*.py", "*.yaml")
    for path in sorted((ROOT / "tests").rglob(suffix))
    if path != Path(__file__)
)


def _constants(node: ast.ClassDef) -> dict[str, object]:
    """What the class sets to a plain value."""
    return {
        target.id: each.value.value
        for each in node.body
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _refusals() -> Iterator[tuple[str, str, str]]:
    """Class, code and sentence of each class of the service that has both."""
    for path in sorted(SERVICE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = _constants(node) if isinstance(node, ast.ClassDef) else {}
            if isinstance(node, ast.ClassDef) and "code" in found and "sentence" in found:
                yield node.name, str(found["code"]), str(found["sentence"])


def _used() -> set[str]:
    """Names that the service's code uses, imports aside."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SERVICE.rglob("*.py"))
    return {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}


FOUND = sorted(_refusals())


def test_refusals_when_looked_for_then_found() -> None:
    assert len(FOUND) > 40
    assert len({code for _, code, _ in FOUND}) == len(FOUND), "a code is one refusal's alone"


@pytest.mark.parametrize(("name", "code", "sentence"), FOUND, ids=[code for _, code, _ in FOUND])
def test_refusal_when_declared_then_it_is_raised_and_a_test_names_it(name: str, code: str, sentence: str) -> None:
    assert name in _used(), f"nothing raises {name}"
    named = any(text in TESTS for text in (f'"{code}"', f"code: {code}", f"raises({name}"))
    assert named, f"no test is about {code}"
    assert sentence.endswith("."), f"{code} has no sentence"
