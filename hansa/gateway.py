"""One address for all services: /<service>/… each, the start page at /, and the health of the whole."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from hansa import catalogue
from hansa.feed import LiveFeed
from hansa.proxy import Proxy, Upstreams
from hansa.start_page import StartPage
from shared.chassis.events import topics
from shared.chassis.http import problems
from shared.chassis.service import Service


class GatewaySettings(BaseSettings):
    """Where the parts are. `apis` is empty when the services' APIs run in this process."""

    model_config = SettingsConfigDict(env_prefix="HANSA_GATEWAY_", extra="ignore")

    kafka: str = "127.0.0.1:9092"
    apis: dict[str, str] = Field(default_factory=dict, description="address of each service's API")
    workers: dict[str, str] = Field(default_factory=dict, description="address of each service's background half")


class Gateway:
    """Answers for the whole: what is here and what is in other processes."""

    def __init__(self, settings: GatewaySettings, services: Sequence[Service] = ()) -> None:
        self._settings = settings
        self._services = {service.name: service for service in services}
        self._upstreams = Upstreams()
        self._feed = LiveFeed(settings.kafka, [topic.name for topic in topics.register(catalogue.TOPICS)])
        self._page = StartPage(self._feed, status=self.status)

    def app(self) -> Starlette:
        """The ASGI application."""
        handlers: dict[Any, Any] = {HTTPException: _refused}
        return Starlette(routes=self._routes(), lifespan=self._lifespan, exception_handlers=handlers)

    def _routes(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [
            Route("/", self._page.show),
            Route("/events", self._page.stream),
            Route("/livez", _livez),
            Route("/readyz", self._readyz),
        ]
        for name, address in self._settings.workers.items():
            routes += [Route(f"/{name}/worker/{what}", self._passed_on(f"{address}/{what}")) for what in ("readyz", "metrics")]
        for name in catalogue.SERVICES:
            routes.append(Route(f"/{name}", _to_docs))
            if name in self._services:
                routes.append(Mount(f"/{name}", self._services[name].app))
            elif name in self._settings.apis:
                routes.append(Mount(f"/{name}", Proxy(self._settings.apis[name], self._upstreams)))
        return routes

    def _passed_on(self, url: str) -> Callable[[Request], Awaitable[Response]]:
        kind = "application/json" if url.endswith("readyz") else "text/plain; version=0.0.4; charset=utf-8"

        async def answer(_: Request) -> Response:
            status, body = await self._upstreams.get(url)
            return Response(body, status_code=status, media_type=kind)

        return answer

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await self._upstreams.start()
        try:
            await asyncio.gather(*(service.start_api() for service in self._services.values()))
            yield
        finally:
            await self._feed.stop()
            await asyncio.gather(*(service.stop() for service in self._services.values()))
            await self._upstreams.stop()

    async def status(self) -> dict[str, dict[str, bool]]:
        """Which halves of which services are ready."""
        names = list(catalogue.SERVICES)
        answers = await asyncio.gather(*(self._api_ready(name) for name in names), *(self._worker_ready(name) for name in names))
        return {name: {"api": answers[i], "worker": answers[i + len(names)]} for i, name in enumerate(names)}

    async def _api_ready(self, name: str) -> bool:
        if name in self._services:
            return bool((await self._services[name].app.state.health.report()).ready)
        return await self._answers(self._settings.apis, name)

    async def _worker_ready(self, name: str) -> bool:
        return await self._answers(self._settings.workers, name)

    async def _answers(self, addresses: Mapping[str, str], name: str) -> bool:
        return name in addresses and (await self._upstreams.get(f"{addresses[name]}/readyz"))[0] == 200

    async def _readyz(self, _: Request) -> Response:
        status = await self.status()
        ready = all(half for halves in status.values() for half in halves.values())
        return JSONResponse({"status": "ready" if ready else "unready", "services": status}, status_code=200 if ready else 503)


async def _livez(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _refused(request: Request, error: HTTPException) -> Response:
    """No such path, or not with this method: a problem document, as from the services themselves."""
    problems.current_path.set(request.url.path)
    return await problems.on_http(request, error)


async def _to_docs(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/docs")


def hosting(services: Sequence[Service]) -> Starlette:
    """The gateway with the services' APIs in this process."""
    return Gateway(GatewaySettings(), services).app()


def from_environment() -> Starlette:
    """The gateway in front of APIs in other processes."""
    return Gateway(GatewaySettings()).app()
