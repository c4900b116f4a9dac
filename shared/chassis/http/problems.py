"""Answers that say no: problem details (RFC 9457) with a stable `code`, the same shape for every cause."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, ClassVar

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.chassis.errors import Refused, Transient

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:hansa:problem:"
current_path: ContextVar[str] = ContextVar("current_path", default="")

_CODES = {404: "not_found", 405: "method_not_allowed", 406: "not_acceptable", 413: "body_too_large", 415: "unsupported_media_type"}


class Place(BaseModel):
    """One thing wrong with a request, and where."""

    place: str = Field(examples=["body.lines.0.amount"])
    code: str = Field(examples=["missing"])
    message: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """RFC 9457 problem details. `code` is stable and meant for programs, `detail` for people."""

    type: str = Field(examples=["urn:hansa:problem:not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(examples=["There is no deal with this id."])
    instance: str = Field("", examples=["/registration/v1/deals/0190"])
    errors: list[Place] | None = None


class InvalidRequest(Refused):
    """What was sent cannot be read as what the route expects."""

    code = "invalid_request"
    status = 422
    sentence = "{reason}"


class BodyTooLarge(Refused):
    code = "body_too_large"
    status = 413
    sentence = "The request's body is larger than {limit} bytes."


class Unavailable(Transient):
    """A passing fault: the same request may succeed in a moment."""

    retry_after_s: ClassVar[int] = 1


def answer(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, errors: Sequence[Mapping[str, str]] = ()
) -> Response:
    """A problem document as a response."""
    body: dict[str, object] = {
        "type": TYPE_PREFIX + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": current_path.get(),
    }
    if errors:
        body["errors"] = list(errors)
    return Response(orjson.dumps(body), status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem(refused: Refused) -> Any:
    """The refusal as a response that a handler returns, so that what it recorded is committed; raising would undo it.

    Typed as Any, since the handler's annotation names its successful answer.
    """
    return answer(refused.status, refused.code, refused.message, headers=getattr(refused, "headers", None))


async def on_refused(_: Request, error: Refused) -> Response:
    """A refusal that was raised: everything was rolled back."""
    response: Response = problem(error)
    return response


async def on_transient(_: Request, error: Exception) -> Response:
    """A passing fault of something the service needs."""
    wait = str(getattr(error, "retry_after_s", 1))
    return answer(503, "unavailable", "The service cannot answer just now; try the same again.", headers={"Retry-After": wait})


async def on_invalid(_: Request, error: RequestValidationError) -> Response:
    """A request that does not fit the route's parameters or body. Its values are not repeated: they may be secret."""
    places = [
        {"place": ".".join(map(str, each["loc"])), "code": str(each["type"]), "message": str(each["msg"])} for each in error.errors()[:50]
    ]
    unreadable = any(place["code"] == "json_invalid" for place in places)
    detail = "The body is not JSON." if unreadable else "The request does not fit; see errors."
    return answer(400 if unreadable else 422, "invalid_request", detail, errors=places)


async def on_http(_: Request, error: HTTPException) -> Response:
    """What the framework itself refuses: no such path, a method that the path does not have."""
    code = _CODES.get(error.status_code, f"http_{error.status_code}")
    return answer(error.status_code, code, str(error.detail), headers=error.headers)
