"""Documents as the driver hands them over: parsed already, or as text where a statement was written by hand."""

from typing import Any

import orjson


def loaded(value: Any) -> Any:
    """What a JSON column holds."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value
