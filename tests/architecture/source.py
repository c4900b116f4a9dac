"""The project's own Python files, parsed once, for the tests that measure them."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("hansa", "services", "shared", "benchmarks")


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def is_migration(self) -> bool:
        return "/migrations/versions/" in self.path

    def inside(self, *folders: str) -> bool:
        """Whether one of the folders (or file stems) is on the path."""
        return bool(set(folders) & set(Path(self.path).with_suffix("").parts))


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under the folders (default: the product, without its tests)."""
    paths = sorted(path for folder in folders or PRODUCT for path in (ROOT / folder).rglob("*.py"))
    return tuple(Source(str(path.relative_to(ROOT)), text := path.read_text(), ast.parse(text)) for path in paths)
