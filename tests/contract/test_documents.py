"""The generated documents are current, stand up to their own schemas, and a breaking event cannot be renewed away."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from hansa import documents
from hansa.catalogue import SERVICES
from shared.schemas.registry import ALL, TOPICS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())
    return loaded


def references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "$ref":
                yield str(inner)
            yield from references(inner)
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def resolve(root: object, reference: str) -> object:
    found = root
    for part in reference.removeprefix("#/").split("/"):
        assert isinstance(found, Mapping)
        found = found[part]
    return found


def test_documents_when_generated_again_then_none_has_drifted() -> None:
    drifted = [found.path for found in documents.documents() if found.drifted(ROOT)]
    assert drifted == [], "run `python -m hansa.documents`"


def test_openapi_when_listed_then_each_service_has_one_and_there_is_no_other() -> None:
    assert {path.stem for path in (ROOT / "docs" / "openapi").glob("*.json")} == set(SERVICES)


def test_services_when_listed_then_every_folder_is_named() -> None:
    assert {path.parent.name for path in (ROOT / "services").glob("*/service.py")} == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_when_its_references_are_followed_then_each_leads_somewhere(service: str) -> None:
    document = json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())
    assert document["openapi"].startswith("3.1")
    assert all(resolve(document, reference) for reference in references(document))


def test_asyncapi_when_its_references_are_followed_then_each_leads_somewhere(asyncapi: dict[str, object]) -> None:
    assert all(resolve(asyncapi, reference) for reference in references(asyncapi))


def test_asyncapi_when_read_then_it_has_every_topic_and_every_event(asyncapi: dict[str, object]) -> None:
    assert set(resolve(asyncapi, "#/channels")) == set(TOPICS)  # type: ignore[call-overload]
    assert set(resolve(asyncapi, "#/components/messages")) == {event.ce_type() for event in ALL}  # type: ignore[call-overload]


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.ce_type())
def test_asyncapi_when_its_example_is_validated_then_it_fits_the_payload(event: type, asyncapi: dict[str, object]) -> None:
    message = resolve(asyncapi, f"#/components/messages/{event.ce_type()}")  # type: ignore[attr-defined]
    assert isinstance(message, dict)
    schema = {**message["payload"], "components": asyncapi["components"]}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(message["examples"][0]["payload"])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("shared/schemas/snapshots", "shared/schemas/examples", "docs/openapi", "docs/schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "topics.yaml", tmp_path / "deploy")
    shutil.copy(ROOT / "docs" / "asyncapi.yaml", tmp_path / "docs")
    return tmp_path


def test_check_when_a_document_was_edited_then_it_says_so_and_renewing_mends_it(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / "docs" / "asyncapi.yaml").write_text("asyncapi: 3.0.0\n")
    assert documents.main(["--check"], root=copy) == 1
    assert capsys.readouterr().out == "drifted: docs/asyncapi.yaml\n"
    assert documents.main([], root=copy) == 0
    assert documents.main(["--check"], root=copy) == 0


def test_renewing_when_an_event_changed_incompatibly_then_it_refuses(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copy / "shared" / "schemas" / "snapshots" / "deal.closed.v1.json"
    snapshot = json.loads(path.read_text())
    snapshot["properties"]["invoice"] = {"type": "string"}
    path.write_text(json.dumps(snapshot))
    assert documents.main([], root=copy) == 1
    assert "hansa.deal.closed.v1 needs a new version: $.invoice: field removed" in capsys.readouterr().err
