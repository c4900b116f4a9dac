"""What is wrong with a YAML file that a person wrote, in one line: the place and the reason."""

import yaml
from pydantic import ValidationError

Unusable = (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError)
"""What reading such a file and fitting it to a model may raise."""


def told(error: Exception) -> str:
    """The fault of one of `Unusable`; of several faults the first."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)
