"""Names of schemas in the published OpenAPI documents: words of the product, never the path of a Python module."""

import json

import pytest

from tests.support.services import ROOT, SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_schema_when_published_then_its_name_tells_no_module(name: str) -> None:
    document = json.loads((ROOT / "docs" / "openapi" / f"{name}.json").read_text())
    leaked = sorted(schema for schema in document["components"]["schemas"] if "__" in schema)

    assert not leaked, f"two classes of {name} have one name, so each is published with its module's path; rename them: {leaked}"
