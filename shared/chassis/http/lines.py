"""Bodies of many rows: one JSON object on each line in, one result on each line out, in the order of the rows."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel, ValidationError

from shared.chassis.errors import Refused

NDJSON = "application/x-ndjson"
M = TypeVar("M", bound=BaseModel)


class TooManyRows(Refused):
    code = "too_many_rows"
    status = 413
    sentence = "An import has at most {limit} rows; send the rest in further requests."


def split(body: bytes, *, limit: int) -> Sequence[tuple[int, bytes]]:
    """The lines that hold something, numbered from 1. Raises TooManyRows."""
    found = [(number, text) for number, text in enumerate(body.split(b"\n"), start=1) if text.strip()]
    if len(found) > limit:
        raise TooManyRows(limit=limit)
    return found


def read(model: type[M], text: bytes) -> M | tuple[str, str]:
    """A line as the model, else the code and sentence of its first fault."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return "row_invalid", f"{place}: {first['msg']}" if place else str(first["msg"])


def answered(results: Iterable[BaseModel]) -> Response:
    """The results, a line each."""
    return Response("".join(f"{result.model_dump_json()}\n" for result in results), media_type=NDJSON)


def documented(row: type[BaseModel], result: type[BaseModel], *, limit: int) -> dict[str, Any]:
    """What OpenAPI says of such a route: options for its decorator."""
    lines = {"type": "string", "description": f"one {row.__name__} as JSON on each line; at most {limit} lines"}
    answer = {"description": "one result per row, in the order of the rows", "content": {NDJSON: {"schema": result.model_json_schema()}}}
    body = {"required": True, "content": {NDJSON: {"schema": lines}}}
    return {"responses": {200: answer}, "response_class": Response, "openapi_extra": {"requestBody": body}}
