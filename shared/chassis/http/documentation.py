"""The pages that show a service's OpenAPI document: Swagger UI from our own address, since nobody's browser need reach another."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

_ASSETS = "/docs/assets"


def add(app: FastAPI) -> None:
    """Put the page at `/docs` and what it loads beneath it. Links carry the prefix that the service is mounted under."""

    async def page(request: Request) -> Response:
        prefix = request.scope.get("root_path", "").rstrip("/")
        return get_swagger_ui_html(
            openapi_url=f"{prefix}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{prefix}{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{prefix}{_ASSETS}/favicon.png",
        )

    app.mount(_ASSETS, StaticFiles(directory=_assets()))
    app.add_route("/docs", page, include_in_schema=False)


def _assets() -> Path:
    spec = find_spec("fastapi_offline")  # a package of Swagger UI's files; its code is not used
    if spec is None or spec.origin is None:
        raise RuntimeError("fastapi-offline is not installed: install requirements.lock.")
    return Path(spec.origin).parent / "static"
