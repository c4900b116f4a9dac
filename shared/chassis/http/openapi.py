"""The OpenAPI document: problem details instead of the framework's errors, bearer scopes, the idempotency header."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from shared.chassis.http.problems import MEDIA_TYPE, Problem
from shared.chassis.http.routing import SecuredRoute

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "Problem details (RFC 9457) with a stable `code`",
    "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
}
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key and body again gets the same answer, and nothing is done twice",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def document(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI 3.1 document, made once."""
    if app.openapi_schema:
        return app.openapi_schema
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags)
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template=_REF)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, SecuredRoute) and context.path_format in schema.get("paths", {}):
            for method in context.methods or ():
                _complete(schema["paths"][context.path_format].get(method.lower()), method, scope=context.original_route.scope)
    app.openapi_schema = schema
    return schema


def _complete(operation: dict[str, Any] | None, method: str, *, scope: str | None) -> None:
    if operation is None:
        return
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = _PROBLEM
    if scope:
        operation["security"] = [{"bearer": [scope]}]
    if method == "POST":
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
