"""The papers are true: tests that they name exist, links lead somewhere, commands are ones that the program has."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.registration.import_row import ImportRow
from shared.schemas.crm import OpportunityChanged
from tests.contract.commands import parse

ROOT = Path(__file__).parents[2]
PAPERS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").glob("*/README.md"), *(ROOT / "deploy").rglob("*.md")]
)
INVARIANTS = (ROOT / "docs" / "invariants.md").read_text()


def name_of(paper: Path) -> str:
    return str(paper.relative_to(ROOT))


def rows() -> Iterator[str]:
    return (line for line in INVARIANTS.splitlines() if line.startswith("| **"))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: row.split("**")[1][:60])
def test_invariant_when_listed_then_the_tests_that_hold_it_exist(row: str) -> None:
    named = re.findall(r"`((?:tests|shared)/[\w/]+\.py)(?:::(\w+))?`", row)
    assert named
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert not test or test in names_in(ROOT / path), f"{path} has no {test}"


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_paper_when_it_names_a_test_file_then_it_exists(paper: Path) -> None:
    named = set(re.findall(r"\b(tests/[\w/]+\.py)\b", paper.read_text()))
    assert {path for path in named if not (ROOT / path).is_file()} == set()


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_paper_when_it_links_then_the_link_leads_somewhere(paper: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", paper.read_text()):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (paper.parent / path) if path else paper
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def commands(paper: Path) -> Iterator[str]:
    """Every `hansa …` of a code block or code span, without its comment."""
    text = paper.read_text()
    blocks = [line for block in re.findall(r"```(?:bash|sh|console)?\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in (*blocks, *spans):
        if found := re.match(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:bin/)?hansa ([a-z].*?)(?:\s+#.*)?$", line):
            yield found.group(1)


@pytest.mark.parametrize("paper", PAPERS, ids=name_of)
def test_paper_when_it_shows_a_command_then_the_program_has_it(paper: Path) -> None:
    for command in commands(paper):
        parse(shlex.split(command.removesuffix(" …")))


def test_decisions_when_listed_then_each_page_is_there_with_its_four_parts() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    listed = re.findall(r"\((0\d+[\w-]+\.md)\)", (ROOT / "docs" / "adr" / "README.md").read_text())
    assert listed == [page.name for page in pages]
    for page in pages:
        assert [
            part for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Rejected.**") if part not in page.read_text()
        ] == []


def test_opportunity_when_shown_to_integrators_then_both_ways_in_take_it() -> None:
    shown = re.search(r"```json\n(.*?)```", (ROOT / "docs" / "integrations.md").read_text(), re.DOTALL)
    assert shown
    assert OpportunityChanged.model_validate_json(shown[1]).external_id == ImportRow.model_validate_json(shown[1]).external_id


def test_demo_when_its_output_is_shown_then_it_promises_what_the_audit_checks() -> None:
    printed = re.search(r"<!-- demo -->.*?<!-- /demo -->", (ROOT / "README.md").read_text(), re.DOTALL)
    assert printed
    promises = set(re.findall(r"^✓ ([^:]+):", printed[0], re.MULTILINE))
    source = (ROOT / "hansa" / "simulate" / "audit.py").read_text()
    assert len(promises) >= 5
    assert {promise for promise in promises if f'"{promise}"' not in source} == set()
