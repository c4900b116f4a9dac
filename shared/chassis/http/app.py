"""One service's HTTP application: its routers, and what every service answers besides."""

from collections.abc import Callable, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared.chassis.database.engine import Database
from shared.chassis.errors import Refused, Transient
from shared.chassis.health import Health
from shared.chassis.http import documentation, openapi, problems
from shared.chassis.http.edge import Edge
from shared.chassis.identity.verifier import Verifier
from shared.chassis.settings import ServiceSettings
from shared.chassis.telemetry.setup import Telemetry

_QUIET = ("/livez", "/readyz", "/metrics")


def make_app(
    *,
    name: str,
    title: str,
    routers: Sequence[APIRouter],
    database: Callable[[], Database],
    settings: ServiceSettings,
    description: str = "",
    verifier: Verifier | None = None,
    telemetry: Telemetry | None = None,
    health: Health | None = None,
) -> FastAPI:
    """The app of the service `name`; mount it at `/<name>`. `database` gives the API role's database when it is first needed.

    `app.state` holds database, verifier, telemetry and health for those who host it.
    """
    telemetry = telemetry or Telemetry.of(name, settings)
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(Edge, metrics=telemetry.metrics, max_body_bytes=settings.max_body_bytes)],
        telemetry={
            "tracer_provider": telemetry.tracer_provider,
            "metrics": False,  # counted by Edge, under the same names with and without a collector
            "logs": False,  # its exception messages and validation input may hold what a log must not
            "operation_spans": False,
            "exclude": lambda scope: scope["path"].endswith(_QUIET),
        },
        exception_handlers={
            Refused: problems.on_refused,
            Transient: problems.on_transient,
            RequestValidationError: problems.on_invalid,
            HTTPException: problems.on_http,
        },
    )
    app.state.database = database
    app.state.verifier = verifier or Verifier.of(settings)
    app.state.telemetry = telemetry
    app.state.health = health or Health()
    for router in routers:
        app.include_router(router)
    for path, handler in (("/livez", _livez), ("/readyz", _readyz), ("/metrics", _metrics)):
        app.add_route(path, handler, include_in_schema=False)
    documentation.add(app)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    return app


async def _livez(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _readyz(request: Request) -> Response:
    health: Health = request.app.state.health
    report = await health.report()
    status = "ready" if report.ready else "unready"
    return JSONResponse({"status": status, "checks": report.checks}, status_code=200 if report.ready else 503)


async def _metrics(request: Request) -> Response:
    telemetry: Telemetry = request.app.state.telemetry
    return Response(telemetry.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
