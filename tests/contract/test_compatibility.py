"""The compatibility check fails on each kind of breaking change, and lets additive ones pass."""

from enum import StrEnum
from typing import ClassVar

import pytest
from pydantic import Field

from shared.schemas.base import Currency, Event, Model
from shared.schemas.compatibility import breaking, document


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class FewerColours(StrEnum):
    RED = "red"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Part(Model):
    name: str


class PartWithWeight(Model):
    name: str
    grams: int


class Fact(Event):
    topic: ClassVar[str] = "thing.made"
    subject_field: ClassVar[str] = "thing_id"
    key_field: ClassVar[str] = "thing_id"


class Made(Fact):
    thing_id: str
    count: int | None
    colour: Colour
    size: int = Field(ge=0, le=10)
    currency: Currency = "USD"
    parts: tuple[Part, ...] = Field(min_length=1)
    spare: Part | None = None
    labels: dict[str, str] = Field(default_factory=dict)


def changed(**fields: tuple[object, ...] | None) -> type[Event]:
    """The event `Made` with some fields declared otherwise: `name=(type, default)`, or left out: `name=None`."""
    annotations = {**Made.__annotations__, **{name: declared[0] for name, declared in fields.items() if declared}}
    kept = {name: field for name, field in Made.model_fields.items() if name in Made.__annotations__ and name not in fields}
    own = {name: declared[1] for name, declared in fields.items() if declared and len(declared) == 2}
    for name in (name for name, declared in fields.items() if declared is None):
        del annotations[name]
    return type("Made", (Fact,), {"__annotations__": annotations, "__module__": __name__, **kept, **own})


BREAKING: dict[str, tuple[type[Event], str]] = {
    "field removed": (changed(size=None), "$.size: field removed"),
    "optional field removed": (changed(spare=None), "$.spare: field removed"),
    "new required field": (changed(weight=(int,)), "$.weight: new required field"),
    "optional field became required": (changed(currency=(Currency,)), "$.currency: became required"),
    "required field became optional": (changed(thing_id=(str, "x")), "$.thing_id: became optional"),
    "type changed": (changed(thing_id=(int,)), "$.thing_id: type narrowed: string"),
    "null no longer allowed": (changed(count=(int,)), "$.count: type narrowed: null"),
    "null newly allowed": (changed(thing_id=(str | None,)), "$.thing_id: type widened: null"),
    "enum value removed": (changed(colour=(FewerColours,)), "$.colour: enum value removed: blue"),
    "enum value added": (changed(colour=(MoreColours,)), "$.colour: enum value added: green"),
    "enum given up": (changed(colour=(str,)), "$.colour: the list of values was given up"),
    "enum made up": (changed(thing_id=(Colour,)), "$.thing_id: the list of values was made up"),
    "upper bound lowered": (changed(size=(int, Field(ge=0, le=9))), "$.size: maximum narrowed: 10 became 9"),
    "lower bound raised": (changed(size=(int, Field(ge=1, le=10))), "$.size: minimum narrowed: 0 became 1"),
    "bound made up": (changed(thing_id=(str, Field(max_length=5))), "$.thing_id: maxLength narrowed"),
    "bound given up": (changed(size=(int, Field(ge=0))), "$.size: maximum widened"),
    "pattern changed": (changed(currency=(str, Field("USD", pattern="^U"))), "$.currency: pattern changed"),
    "default changed": (changed(currency=(Currency, "EUR")), "$.currency: default changed"),
    "required field in a list of parts": (
        changed(parts=(tuple[PartWithWeight, ...], Field(min_length=1))),
        "$.parts.items.grams: new required",
    ),
    "required field in an optional part": (changed(spare=(PartWithWeight | None, None)), "$.spare.grams: new required field"),
    "values of a map": (changed(labels=(dict[str, int], Field(default_factory=dict))), "$.labels.additionalProperties: type"),
}


@pytest.mark.parametrize(("event", "expected"), BREAKING.values(), ids=BREAKING.keys())
def test_change_when_it_breaks_readers_then_it_is_named(event: type[Event], expected: str) -> None:
    found = [str(change) for change in breaking(document(Made), document(event))]
    assert any(change.startswith(expected) for change in found), found


@pytest.mark.parametrize("name", ["topic", "subject_field", "key_field", "version"])
def test_identity_when_it_changes_then_it_is_named(name: str) -> None:
    other = type("Made", (Made,), {name: 2 if name == "version" else "count"})
    assert breaking(document(Made), document(other))


def test_change_when_an_optional_field_is_added_then_nothing_breaks() -> None:
    assert breaking(document(Made), document(changed(note=(str | None, None)))) == ()


def test_change_when_only_words_differ_then_nothing_breaks() -> None:
    described = changed(size=(int, Field(ge=0, le=10, title="Size", description="How big it is.")))
    assert breaking(document(Made), document(described)) == ()


def test_change_when_a_part_moves_to_another_name_then_nothing_breaks() -> None:
    renamed = type("Piece", (Part,), {})
    assert breaking(document(Made), document(changed(parts=(tuple[renamed, ...], Field(min_length=1))))) == ()  # type: ignore[valid-type]
