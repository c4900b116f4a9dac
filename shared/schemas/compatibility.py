"""Whether a changed event still fits: facts that are kept for good must stay readable, and so must new ones for old consumers.

So a change is checked in both directions. What may change freely: titles, descriptions, and a new field that is optional.
Anything else takes a new version beside the old one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from shared.schemas.base import Event

Json = Mapping[str, object]

IDENTITY = ("$id", "x-topic", "x-subject", "x-key")
ANNOTATIONS = frozenset({"title", "description", "$defs", "$id", "$schema", "examples"})
TIGHTER_WHEN_RAISED = ("minimum", "exclusiveMinimum", "minItems", "minLength")
TIGHTER_WHEN_LOWERED = ("maximum", "exclusiveMaximum", "maxItems", "maxLength")
EXACT = ("format", "pattern", "const", "default", "prefixItems", "uniqueItems")


@dataclass(frozen=True)
class Breaking:
    """One change that takes a new version: where in the document, and what a reader would stumble over."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def document(event: type[Event]) -> dict[str, object]:
    """The contract of one event version as JSON Schema: the snapshot that is committed."""
    schema = event.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": event.ce_type(),
        "x-topic": event.topic,
        "x-subject": event.subject_field,
        "x-key": event.key_field,
        **schema,
    }


def breaking(old: Json, new: Json) -> tuple[Breaking, ...]:
    """What in `new` would break a reader of `old`, or make facts written under `old` unreadable; empty when it fits."""
    identity = (Breaking(name, f"{old.get(name)} became {new.get(name)}") for name in IDENTITY if old.get(name) != new.get(name))
    return (*identity, *_Comparison(old, new).schemas("$", old, new))


@dataclass(frozen=True)
class _Comparison:
    """Two whole documents, against which `$ref` is resolved while their parts are compared."""

    old: Json
    new: Json

    def schemas(self, path: str, old: Json, new: Json) -> Iterator[Breaking]:
        """Compare the alternatives (`anyOf`) of two schemas, paired by their type."""
        before, after = _by_type(self.old, old), _by_type(self.new, new)
        for kind in before.keys() - after.keys():
            yield Breaking(path, f"type narrowed: {kind} is no longer allowed")
        for kind in after.keys() - before.keys():
            yield Breaking(path, f"type widened: {kind} is new to old consumers")
        if _outer_default(old) != _outer_default(new):
            yield Breaking(path, f"default changed from {_outer_default(old)} to {_outer_default(new)}")
        for kind in sorted(before.keys() & after.keys()):
            yield from self._alternative(path, before[kind], after[kind])

    def _alternative(self, path: str, old: Json, new: Json) -> Iterator[Breaking]:
        yield from _values(path, old, new)
        yield from _bounds(path, old, new)
        yield from self._fields(path, old, new)
        for part in ("items", "additionalProperties"):
            inner_old, inner_new = old.get(part), new.get(part)
            if isinstance(inner_old, Mapping) and isinstance(inner_new, Mapping):
                yield from self.schemas(f"{path}.{part}", inner_old, inner_new)
            elif inner_old != inner_new:
                yield Breaking(path, f"{part} changed from {inner_old} to {inner_new}")

    def _fields(self, path: str, old: Json, new: Json) -> Iterator[Breaking]:
        before, after = _mapping(old.get("properties")), _mapping(new.get("properties"))
        needed_before, needed_after = set(_sequence(old.get("required"))), set(_sequence(new.get("required")))
        for name in sorted(before.keys() - after.keys()):
            yield Breaking(f"{path}.{name}", "field removed")
        for name in sorted(after.keys() - before.keys()):
            if name in needed_after:
                yield Breaking(f"{path}.{name}", "new required field: facts already written lack it")
        for name in sorted(before.keys() & after.keys()):
            if name in needed_after - needed_before:
                yield Breaking(f"{path}.{name}", "became required: facts already written may lack it")
            if name in needed_before - needed_after:
                yield Breaking(f"{path}.{name}", "became optional: old consumers need it")
            yield from self.schemas(f"{path}.{name}", _mapping(before[name]), _mapping(after[name]))


def _values(path: str, old: Json, new: Json) -> Iterator[Breaking]:
    if "enum" not in old and "enum" not in new:
        return
    if ("enum" in old) != ("enum" in new):
        yield Breaking(path, "the list of values was " + ("given up" if "enum" in old else "made up"))
        return
    before, after = set(_sequence(old.get("enum"))), set(_sequence(new.get("enum")))
    for value in sorted(before - after, key=str):
        yield Breaking(path, f"enum value removed: {value}")
    for value in sorted(after - before, key=str):
        yield Breaking(path, f"enum value added: {value} is unreadable for old consumers")


def _bounds(path: str, old: Json, new: Json) -> Iterator[Breaking]:
    for name in (*TIGHTER_WHEN_RAISED, *TIGHTER_WHEN_LOWERED, *EXACT):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Breaking(path, f"{name} {_direction(name, before, after)}: {before} became {after}")


def _direction(name: str, before: object, after: object) -> str:
    if name in EXACT:
        return "changed"
    if before is None or after is None:
        return "narrowed" if before is None else "widened"
    raised = cast(float, after) > cast(float, before)
    return "narrowed" if raised == (name in TIGHTER_WHEN_RAISED) else "widened"


def _by_type(root: Json, schema: Json) -> dict[str, Json]:
    """The alternatives of a schema by their JSON type; `$ref` resolved, annotations dropped."""
    flat = _resolved(root, schema)
    alternatives = [_resolved(root, _mapping(part)) for part in _sequence(flat.get("anyOf"))] or [flat]
    named: dict[str, Json] = {}
    for part in alternatives:
        kind = str(part.get("type", "any"))
        name = f"{kind} ({len(named)})" if kind in named else kind  # a second alternative of one type keeps its place
        named[name] = {key: value for key, value in part.items() if key not in ANNOTATIONS}
    return named


def _resolved(root: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    target = _mapping(_mapping(root.get("$defs"))[reference.removeprefix("#/$defs/")])
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def _outer_default(schema: Json) -> object:
    """The default beside `anyOf`, which `_by_type` does not see."""
    return schema.get("default") if "anyOf" in schema else None


def _mapping(value: object) -> Json:
    return cast(Json, value) if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[object]:
    return cast(Sequence[object], value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
