"""The house measures: what keeps a file something that a stranger can open and understand."""

import ast
import re
from collections.abc import Callable, Iterator
from statistics import median

import pytest

from tests.architecture.source import ROOT, Source, sources

Check = Callable[[Source], Iterator[str]]
CLOCKS = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.monotonic", "uuid.uuid4", "uuid.uuid7"}


def long_files(source: Source) -> Iterator[str]:
    if source.lines > 400:
        yield f"{source.path} has {source.lines} lines"


def long_functions(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not source.is_migration:
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > 60:
                yield f"{source.path}:{node.lineno} {node.name} has {length} lines"


def missing_docstrings(source: Source) -> Iterator[str]:
    if source.tree.body and not source.is_migration and not ast.get_docstring(source.tree):
        yield source.path


def wordy_docstrings(source: Source) -> Iterator[str]:
    if len((ast.get_docstring(source.tree) or "").splitlines()) > 8:
        yield source.path


def broad_excepts(source: Source) -> Iterator[str]:
    if source.inside("domain", "use_cases", "consumers", "mapping", "store"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler) and _names(node.type) & {"", "Exception", "BaseException"}:
                yield f"{source.path}:{node.lineno}"


def _names(caught: ast.expr | None) -> set[str]:
    if caught is None:
        return {""}
    parts = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return {part.id for part in parts if isinstance(part, ast.Name)}


def environment_reads(source: Source) -> Iterator[str]:
    if source.path.startswith(("services/", "shared/")) and not source.inside("settings", "testing"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}:
                yield f"{source.path}:{node.lineno}"


def clocks(source: Source) -> Iterator[str]:
    """The domain is told the time and its ids."""
    if source.inside("domain"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCKS:
                yield f"{source.path}:{node.lineno} {ast.unparse(node)}"


def floats_in_money(source: Source) -> Iterator[str]:
    if source.path.startswith("services/commission/domain") or source.path == "shared/chassis/money.py":
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield f"{source.path}:{node.lineno} {node.value}"
            if isinstance(node, ast.Name) and node.id == "float":
                yield f"{source.path}:{node.lineno} float"


def extensions(source: Source) -> Iterator[str]:
    if source.inside("migrations", "database") and re.search(r"create\s+extension", source.text, re.IGNORECASE):
        yield source.path


def publishers(source: Source) -> Iterator[str]:
    """Events leave through the outbox alone; a publisher decorator sends before the commit."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if ".publisher(" in ast.unparse(decorator):
                    yield f"{source.path}:{node.lineno} {node.name}"
    if "faststream.kafka.fastapi" in source.text:
        yield f"{source.path} imports faststream.kafka.fastapi"


def middleware(source: Source) -> Iterator[str]:
    if "BaseHTTPMiddleware" in source.text:
        yield source.path


def commits(source: Source) -> Iterator[str]:
    """One request or message is one transaction, committed at the edge."""
    if source.path.startswith("services/"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"commit", "rollback"}:
                yield f"{source.path}:{node.lineno}"


CHECKS: tuple[Check, ...] = (
    long_files,
    long_functions,
    missing_docstrings,
    wordy_docstrings,
    broad_excepts,
    environment_reads,
    clocks,
    floats_in_money,
    extensions,
    publishers,
    middleware,
    commits,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_product_when_measured_then_nothing_is_found(check: Check) -> None:
    assert [found for source in sources() for found in check(source)] == []


@pytest.mark.parametrize("check", [long_files, long_functions, missing_docstrings], ids=lambda check: check.__name__)
def test_tests_when_measured_then_nothing_is_found(check: Check) -> None:
    assert [found for source in sources("tests") for found in check(source)] == []


OFFENDERS: dict[Check, tuple[str, str]] = {
    long_files: ("hansa/x.py", "x = 1\n" * 401),
    long_functions: ("hansa/x.py", "def f():\n" + "    x = 1\n" * 61),
    missing_docstrings: ("hansa/x.py", "x = 1\n"),
    wordy_docstrings: ("hansa/x.py", '"""' + "a\n" * 9 + '"""\n'),
    broad_excepts: ("services/x/consumers.py", "try:\n    f()\nexcept (ValueError, Exception):\n    pass\n"),
    environment_reads: ("services/x/api/routes.py", "import os\nx = os.environ['X']\n"),
    clocks: ("services/x/domain/a.py", "x = datetime.now(UTC)\n"),
    floats_in_money: ("services/commission/domain/a.py", "rate = 0.15\n"),
    extensions: ("services/x/store/migrations/versions/a.py", "op.execute('CREATE EXTENSION btree_gist')\n"),
    publishers: ("services/x/consumers.py", "@broker.publisher('a')\ndef f(): ...\n"),
    middleware: ("shared/chassis/http/a.py", "class A(BaseHTTPMiddleware): ...\n"),
    commits: ("services/x/use_cases/a.py", "async def f(c):\n    await c.commit()\n"),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_check_when_a_file_offends_then_it_is_found(check: Check) -> None:
    path, text = OFFENDERS[check]
    assert list(check(Source(path, text, ast.parse(text))))


def test_sizes_when_taken_together_then_most_files_and_functions_are_short() -> None:
    files = sorted(source.lines for source in sources())
    functions = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for source in sources()
        if not source.is_migration
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert (median(files) <= 100, files[int(len(files) * 0.9)] <= 250) == (True, True)
    assert (median(functions) <= 10, functions[int(len(functions) * 0.9)] <= 30) == (True, True)


@pytest.mark.parametrize("lock", ["requirements.lock", "deploy/requirements.lock"])
def test_lock_when_read_then_it_names_no_registry_and_every_package_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"(^\s*--?(index|extra-index|find-links|trusted|i\b)|no-index|https?://|file:)", text, re.MULTILINE)
    packages = re.split(r"\n(?=[A-Za-z0-9])", text.split("\n\n", 1)[-1] if text.startswith("#") else text)
    assert [package.splitlines()[0] for package in packages if "==" in package and "--hash=sha256:" not in package] == []


def test_services_when_listed_then_each_has_a_readme() -> None:
    missing = [path.parent.name for path in (ROOT / "services").glob("*/service.py") if not (path.parent / "README.md").exists()]
    assert missing == []
