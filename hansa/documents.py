"""The generated papers: snapshots, schemas, AsyncAPI and OpenAPI. `python -m hansa.documents` renews them, `--check` finds drift."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import cast

import yaml

from hansa.asyncapi import generate
from hansa.catalogue import ROOT, SERVICES, build
from shared.schemas.compatibility import breaking, document
from shared.schemas.crm import OpportunityChanged, RereadRequested
from shared.schemas.registry import ALL


class BreaksReaders(Exception):
    """A changed event would break who reads it: it takes a new version beside the old one."""


@dataclass(frozen=True)
class Document:
    """One generated file: its path from the root and what it should hold."""

    path: str
    text: str

    def drifted(self, root: Path) -> bool:
        """Whether the file on disk says something else, or is missing."""
        file = root / self.path
        return not file.exists() or file.read_text() != self.text


def documents(root: Path = ROOT) -> Iterator[Document]:
    """Every generated document as it should be now. Raises BreaksReaders for an event that changed incompatibly."""
    yield from snapshots(root)
    for event in (OpportunityChanged, RereadRequested):
        yield Document(f"docs/schemas/{event.topic}.v{event.version}.json", _json(document(event)))
    examples = root / "shared" / "schemas" / "examples"
    asyncapi = generate(root / "deploy" / "topics.yaml", examples=examples, version=_version())
    yield Document("docs/asyncapi.yaml", yaml.safe_dump(asyncapi, sort_keys=False, allow_unicode=True, width=140))
    for name in SERVICES:
        yield Document(f"docs/openapi/{name}.json", _json(openapi(name)))


def snapshots(root: Path) -> Iterator[Document]:
    """The JSON Schema of each event version."""
    for event in ALL:
        path = f"shared/schemas/snapshots/{event.topic}.v{event.version}.json"
        schema = document(event)
        if (root / path).exists() and (broken := breaking(json.loads((root / path).read_text()), schema)):
            raise BreaksReaders(f"{event.ce_type()} needs a new version: " + "; ".join(map(str, broken)))
        yield Document(path, _json(schema))


def openapi(name: str) -> dict[str, object]:
    """The OpenAPI document of one service, made without any server."""
    return cast(dict[str, object], build(name).app.openapi())


def _version() -> str:
    try:
        return installed("hansa")
    except PackageNotFoundError:
        return "0.1.0"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Renew what has drifted, or with `--check` say what has; 1 if something had drifted or cannot be renewed."""
    parser = argparse.ArgumentParser(prog="python -m hansa.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail where a document has drifted")
    check = parser.parse_args(arguments).check
    try:
        drifted = [found for found in documents(root) if found.drifted(root)]
    except BreaksReaders as error:
        print(error, file=sys.stderr)
        return 1
    for found in drifted:
        print(f"{'drifted' if check else 'renewed'}: {found.path}")
        if not check:
            (root / found.path).parent.mkdir(parents=True, exist_ok=True)
            (root / found.path).write_text(found.text)
    return 1 if check and drifted else 0


if __name__ == "__main__":
    raise SystemExit(main())
