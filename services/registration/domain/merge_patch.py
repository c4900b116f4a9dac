"""JSON merge patch (RFC 7396): a correction or a proposal names what changes; null takes a field away."""

from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


def merged(body: Mapping[str, Json], patch: Mapping[str, Json]) -> dict[str, Json]:
    """`body` with `patch` applied: what is null goes, objects are merged, all else is replaced."""
    result = dict(body)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result
