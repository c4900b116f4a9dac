"""Value objects that are made, written and read by the million."""

import dataclasses
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

__all__ = ["Value", "replace"]


class Value(Struct, frozen=True, gc=False):
    """A frozen value object, made and written as JSON in C: for what a batch makes thousands of (`class Line(Value, frozen=True)`).

    Its fields hold values, never something that refers back to it: the garbage collector does not look at it. Everywhere
    else a frozen dataclass does.
    """


if TYPE_CHECKING:  # whose changes mypy checks field by field
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """The value, or frozen dataclass, with some fields changed."""
        change = structs.replace if isinstance(value, Struct) else dataclasses.replace
        return change(value, **changes)
