"""Every published event: an example that reads and writes back unchanged, and a snapshot that no change may break."""

import json
from pathlib import Path
from typing import get_args

import pytest

from shared.schemas.base import Event
from shared.schemas.compatibility import breaking, document
from shared.schemas.registry import ALL, BY_TYPE

SCHEMAS = Path(__file__).parents[2] / "shared" / "schemas"
RENEW = "run `python -m hansa.documents`; where it refuses, the change takes a new version beside the old one"


def name_of(event: type[Event]) -> str:
    return f"{event.topic}.v{event.version}"


def read(folder: str, event: type[Event]) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((SCHEMAS / folder / f"{name_of(event)}.json").read_text())
    return loaded


@pytest.mark.parametrize("event", ALL, ids=name_of)
def test_example_when_read_and_written_then_it_is_the_same(event: type[Event]) -> None:
    example = read("examples", event)
    written = event.model_validate_json(json.dumps(example)).model_dump(mode="json", exclude_unset=True)
    assert written == example


@pytest.mark.parametrize("event", ALL, ids=name_of)
def test_example_when_it_has_a_field_of_the_future_then_it_is_read_all_the_same(event: type[Event]) -> None:
    assert event.model_validate({**read("examples", event), "a_field_of_the_future": 1})


@pytest.mark.parametrize("event", ALL, ids=name_of)
def test_field_when_it_may_be_null_then_it_may_be_absent_too(event: type[Event]) -> None:
    nullable = {name for name, field in event.model_fields.items() if type(None) in get_args(field.annotation)}
    assert {name for name in nullable if event.model_fields[name].is_required()} == set(), "the wire leaves out what is null"


@pytest.mark.parametrize("event", ALL, ids=name_of)
def test_example_when_keyed_then_subject_and_key_are_in_it(event: type[Event]) -> None:
    example = read("examples", event)
    fact = event.model_validate(example)
    assert (fact.subject, fact.key) == (example[event.subject_field], example[event.key_field])


@pytest.mark.parametrize("event", ALL, ids=name_of)
def test_snapshot_when_compared_with_the_code_then_nothing_breaks(event: type[Event]) -> None:
    assert breaking(read("snapshots", event), document(event)) == (), RENEW


@pytest.mark.parametrize("event", ALL, ids=name_of)
def test_snapshot_when_compared_with_the_code_then_it_is_current(event: type[Event]) -> None:
    assert read("snapshots", event) == document(event), RENEW


@pytest.mark.parametrize("folder", ["examples", "snapshots"])
def test_folder_when_listed_then_it_holds_each_event_and_nothing_else(folder: str) -> None:
    assert {path.stem for path in (SCHEMAS / folder).glob("*.json")} == {name_of(event) for event in ALL}


def test_registry_when_types_are_listed_then_each_is_there_once() -> None:
    assert len(BY_TYPE) == len(ALL)
