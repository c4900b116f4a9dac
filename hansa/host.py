"""A process of the product: the API half or the background half of one service or of several, under uvicorn."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hansa import catalogue
from shared.chassis.leadership import plain_dsn
from shared.chassis.service import Service
from shared.chassis.telemetry.logs import configure_logging
from shared.chassis.telemetry.setup import log_export

Role = Literal["api", "worker"]
_END_WITHIN_S = 15.0
_ASK_WITHIN_S = 5.0


def serve(app: Starlette, *, host: str, port: int) -> None:
    """Run `app` until SIGINT or SIGTERM; what is under way is finished first."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto",  # uvloop where it is installed
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    app.state.ending = lambda: server.should_exit  # answers without an end look at it
    with contextlib.suppress(KeyboardInterrupt):
        server.run()


def run(service: str, role: Role, *, host: str, port: int) -> None:
    """One role of one service: its API at the root, or its worker with health and numbers over HTTP. Raises SettingsInvalid."""
    (built,) = wired([service], role)
    if why := asyncio.run(_refused_for_good(getattr(built.platform.settings, f"{role}_url"))):
        raise catalogue.SettingsInvalid(f"HANSA_{service}_{role}_URL".upper() + f": PostgreSQL refuses it: {why}.")
    serve(api_alone(built) if role == "api" else workers([built]), host=host, port=port)


async def _refused_for_good(url: str) -> str:
    """Why the server that answers there will not have us; "" if it does, or if nobody answers yet: that is waited for."""
    try:
        connection = await asyncpg.connect(plain_dsn(url), timeout=_ASK_WITHIN_S)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        return str(error)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return ""
    await connection.close()
    return ""


def wired(names: Sequence[str], role: Role) -> list[Service]:
    """Build the services, with logs of the whole process set up as the first one's settings say."""
    settings = catalogue.settings_of(names[0])
    name = names[0] if len(names) == 1 else "hansa"
    for each in names:
        catalogue.need_database(each, role)
    configure_logging(settings.log_level, export=log_export(f"{name}-{role}", otlp_endpoint=settings.otlp_endpoint))
    return [catalogue.build(each) for each in names]


def api_alone(service: Service) -> Starlette:
    """One service's API at the root, or under the prefix that a proxy in front says it has taken away."""
    return Starlette(routes=[Mount("/", Prefixed(service.app))], lifespan=lifespan([service], "api"))


class Prefixed:
    """Puts X-Forwarded-Prefix back in front of the path, so that links in the documentation lead through the proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = dict(scope.get("headers", ())).get(b"x-forwarded-prefix", b"").decode("latin-1")
        if prefix and re.fullmatch(r"(/[a-z]+)+", prefix):
            scope = {**scope, "root_path": prefix, "path": prefix + scope["path"]}
        await self._app(scope, receive, send)


def workers(services: Sequence[Service]) -> Starlette:
    """The background halves, with `/readyz` and `/metrics` of each under its name, and of one alone at the root too."""
    routes = [Route("/livez", _livez)]
    for service in services:
        routes += _watching(service, f"/{service.name}")
    if len(services) == 1:
        routes += _watching(services[0], "")
    return Starlette(routes=routes, lifespan=lifespan(services, "worker"))


async def _livez(_: Request) -> Response:
    return PlainTextResponse("alive\n")


def _watching(service: Service, prefix: str) -> list[Route]:
    async def ready(_: Request) -> Response:
        report = await service.worker_health.report()
        body = {"status": "ready" if report.ready else "unready", "checks": report.checks}
        return JSONResponse(body, status_code=200 if report.ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(service.platform.telemetry.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route(f"{prefix}/readyz", ready), Route(f"{prefix}/metrics", metrics)]


class Lifespan:
    """Starts the services with the process and stops them with it. Starlette runs no lifespan of a mounted application."""

    def __init__(self, services: Sequence[Service], role: Role) -> None:
        self._services = services
        self._role = role

    def __call__(self, _: object) -> contextlib.AbstractAsyncContextManager[None]:
        return self._span()

    @contextlib.asynccontextmanager
    async def _span(self) -> AsyncIterator[None]:
        try:
            await asyncio.gather(*(s.start_api() if self._role == "api" else s.start_worker() for s in self._services))
            yield
        finally:
            await asyncio.gather(*(service.stop() for service in self._services))
            for service in self._services:
                await asyncio.to_thread(service.platform.telemetry.shutdown)


lifespan = Lifespan


def main(arguments: Sequence[str]) -> None:
    """`python -m hansa.host api|worker|gateway PORT [SERVICE …]`: how the one-machine runtime starts its processes."""
    _outlive_by_little(os.getppid())
    role, port, *names = arguments
    host = "127.0.0.1"
    if role == "gateway":
        from hansa import gateway

        configure_logging()
        serve(gateway.from_environment(), host=host, port=int(port))
    elif len(names) == 1:
        run(names[0], "api" if role == "api" else "worker", host=host, port=int(port))
    else:
        from hansa import gateway

        if folder := os.environ.get("HANSA_PREPARE"):
            from hansa.embedded import prepare

            kafka = catalogue.settings_of(catalogue.SERVICES[0]).kafka
            asyncio.run(prepare.everything(Path(folder), admin_dsn=os.environ["HANSA_PREPARE_DSN"], kafka=kafka))
        services = wired(names or catalogue.SERVICES, "api" if role == "api" else "worker")
        app = gateway.hosting(services) if role == "api" else workers(services)
        serve(app, host=host, port=int(port))


def _outlive_by_little(starter: int) -> None:
    """End in order when the starter has ended, if the leash (hansa.embedded.launcher) has not said so already; what hangs is killed."""

    def watch() -> None:
        while os.getppid() == starter:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_END_WITHIN_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="leash", daemon=True).start()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except catalogue.SettingsInvalid as error:
        sys.exit(f"hansa: {error}")
